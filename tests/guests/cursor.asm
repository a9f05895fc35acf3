; Cursors, on a screen of numbered lines; where it is not said otherwise in row 10, column 20.
;   underline      scan lines 13-14        block          0-15
;   half           8-15                    top_line       0-0
;   hidden         CR0A bit 5              reversed       first line 12, last line 3
;   too_low        first line beyond       too_tall       0-31 in a cell of 16
;   off_page       address before the page's first cell
;   last_cell      row 24, column 79       wide           40 columns, 16 dots
;   moving         walks on by one cell each tick (55 ms), for ever
%include "boot.asm"

%macro cursor 2
        crtc    0x0a, %1
        crtc    0x0b, %2
        cursor_at 10 * 80 + 20
        mov     bx, 80
        jmp     numbered_lines
%endmacro

underline:      cursor 13, 14
block:          cursor 0, 15
half:           cursor 8, 15
top_line:       cursor 0, 0
hidden:         cursor 0x2d, 14
reversed:       cursor 12, 3
too_low:        cursor 20, 31
too_tall:       cursor 0, 31

off_page:
        start_at 800
        cursor_at 799
        mov     bx, 80
        jmp     numbered_lines

last_cell:
        cursor_at 1999
        mov     bx, 80
        jmp     numbered_lines

wide:
        mov     ax, 0x0001
        int     0x10
        cursor_at 5 * 40 + 7
        mov     bx, 40
        jmp     numbered_lines

moving:
        mov     bx, 80
        call    numbered_lines
        call    ready
        xor     cx, cx
.next:  hlt
        mov     dx, 0x3d4
        mov     al, 0x0e
        mov     ah, ch
        out     dx, ax
        mov     al, 0x0f
        mov     ah, cl
        out     dx, ax
        inc     cx
        and     cx, 0x3ff
        jmp     .next
