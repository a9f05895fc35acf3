; Cells that a test can foretell: COUNT (-DCOUNT=n) writes by an LCG with -DSEED=n.
;   write     x = 1664525 x + 1013904223 (modulo 2^32) for each; the cell is
;             (x >> 16) modulo 2000, its character (x >> 8) & 255 and its attribute x & 255
;             of the *next* x; all 2,000 cells are blank (20h, 07h) before
;   write_on  the same for ever, READY at once
; With -DBRIGHT=1 attribute bit 7 is a background color, else it blinks.
%include "boot.asm"
%ifndef SEED
%define SEED 1
%endif
%ifndef COUNT
%define COUNT 2000
%endif
%ifndef BRIGHT
%define BRIGHT 0
%endif

write:
        blinking 1 - BRIGHT
        crtc    0x0a, 0x20              ; no cursor
        mov     ebp, SEED
        mov     ecx, COUNT
.next:  call    cell
        dec     ecx
        jnz     .next
        ret

write_on:
        mov     ebp, SEED
        call    ready
.next:  call    cell
        jmp     .next

cell:
        call    random
        mov     eax, ebp
        shr     eax, 16
        xor     edx, edx
        mov     ebx, 2000
        div     ebx
        mov     di, dx
        shl     di, 1
        call    random
        mov     ax, bp                  ; AL: bits 7-0, AH: bits 15-8
        xchg    al, ah
        mov     [es:di], ax
        ret

random: imul    ebp, ebp, 1664525
        add     ebp, 1013904223
        ret
