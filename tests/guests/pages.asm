; Which part of the memory is displayed; all 32 KB hold numbered lines.
;   hardware_scroll     start address at line 37
;   near_end            start address 8 lines before the end of the 32 KB
;   far_start           start address 40000: beyond the text window
;   wide_pitch          lines of 120 cells, 80 of them displayed, from column 20
;   narrow_pitch        row pitch of 60 cells: rows repeat the end of the row above
;   no_pitch            row pitch 0: one row, again and again
;   split_screen        10 rows from line 50, below them line 0 and on
;   split_in_row        the same, split inside a row (QEMU rounds up)
;   split_at_top        line compare 1: line 50, then line 0 and on
;   display_page_3      by the BIOS
;   smooth_scroll       preset row scan 5, byte panning 1 (QEMU ignores both)
%include "boot.asm"

hardware_scroll:
        start_at 37 * 80
lines_of_80:
        mov     bx, 80
        jmp     numbered_lines

near_end:
        start_at 16384 - 8 * 80
        jmp     lines_of_80

far_start:
        start_at 40000
        jmp     lines_of_80

wide_pitch:
        crtc    0x13, 60
        start_at 20
        cursor_at 3 * 120 + 25
        mov     bx, 120
        jmp     numbered_lines

narrow_pitch:
        crtc    0x13, 30
        cursor_at 75                    ; on two rows: 75 = 1 * 60 + 15
        jmp     lines_of_80

no_pitch:
        crtc    0x13, 0
        jmp     lines_of_80

; split_after LINE: line compare, with its bits 8 and 9 clear
%macro split_after 1
        crtc_unlock
        crtc    0x07, 0x0f
        crtc    0x09, 0x0f
        crtc    0x18, %1
%endmacro

split_screen:
        start_at 50 * 80
        split_after 159
        jmp     lines_of_80

split_in_row:
        start_at 50 * 80
        split_after 165
        jmp     lines_of_80

split_at_top:
        start_at 50 * 80
        split_after 1
        jmp     lines_of_80

display_page_3:
        call    lines_of_80
        mov     ax, 0x0503
        int     0x10
        mov     ah, 2                   ; the cursor of page 3
        mov     bh, 3
        mov     dx, 0x0a14
        int     0x10
        ret

smooth_scroll:
        crtc    0x08, 0x25
        jmp     lines_of_80
