; Sizes of the screen and of its cells.
;   size_80x50     8x8 font             size_80x28     8x14 font
;   size_40x25     mode 1               size_132x25    by CRTC
;   size_132x44    by CRTC, 8x9 cells   size_132x50    by CRTC, 8x8 cells
;   size_80x60     480 scan lines, 8x8  size_cga       160x100 by CR06 = 100, cells 4 high
;   monochrome     mode 7, at B0000     eight_dots     80x25, 8 dots a cell
;   tallest        80x12, cells of 32 scan lines
%include "boot.asm"

%macro columns 1
        crtc_unlock
        crtc    0x01, %1 - 1
        crtc    0x13, %1 / 2            ; row pitch in units of two cells
        mov     bx, %1
%endmacro

%macro font 1
        mov     ax, %1
        mov     bl, 0
        int     0x10
%endmacro

size_80x50:
        font    0x1112
        mov     bx, 80
        jmp     numbered_lines

size_80x28:
        font    0x1111
        mov     bx, 80
        jmp     numbered_lines

size_40x25:
        mov     ax, 0x0001
        int     0x10
        mov     bx, 40
        jmp     numbered_lines

size_132x25:
        columns 132
        jmp     numbered_lines

size_132x44:
        font    0x1112
        columns 132
        crtc    0x09, 0x48              ; 9 scan lines a cell, line compare bit 9 stays set
        crtc    0x12, (44 * 9 - 1) & 0xff
        jmp     numbered_lines

size_132x50:
        font    0x1112
        columns 132
        jmp     numbered_lines

size_80x60:
        font    0x1112
        crtc_unlock
        crtc    0x12, 479 & 0xff
        crtc    0x07, 0x1f              ; display end bit 8 set, as it was
        mov     bx, 80
        jmp     numbered_lines

size_cga:
        columns 160
        crtc    0x06, 100
        crtc    0x09, 0x43
        mov     bx, 160
        call    numbered_lines
        cursor_at 5 * 160 + 7
        crtc    0x0a, 1
        crtc    0x0b, 31
        ret

monochrome:
        mov     ax, 0x0007
        int     0x10
        mov     ax, 0xb000
        mov     es, ax
        mov     bx, 80
        jmp     numbered_lines

eight_dots:
        sequencer 1, 0x01
        mov     bx, 80
        jmp     numbered_lines

tallest:
        crtc    0x09, 0x5f
        mov     bx, 80
        jmp     numbered_lines
