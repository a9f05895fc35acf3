; Noise: random VGA registers and random memory, in text modes, READY at once. With -DSEED=n.
;   noise     for ever 40 random cells anywhere in the 32 KB, then one random register: half
;             of them of the CRTC, then attribute controller, sequencer 0-3, graphics controller
;             (but GR06: it stays a text mode), DAC; now and then mode 3 anew
%include "boot.asm"
%ifndef SEED
%define SEED 1
%endif

noise:
        mov     ebp, SEED
        call    ready
.next:  mov     cx, 40
.cell:  call    random
        mov     eax, ebp
        shr     eax, 16
        and     eax, 0x7ffe
        mov     di, ax
        call    random
        mov     ax, bp
        xchg    al, ah
        mov     [es:di], ax
        loop    .cell
        call    random
        mov     eax, ebp
        shr     eax, 8
        mov     bx, ax                  ; BL: which chip, BH: the value
        shr     eax, 8
        and     ah, 0x1f                ; AH: the register
        test    bl, 0x80
        jz      .crtc
        test    bl, 0x40
        jz      .attribute
        test    bl, 0x20
        jz      .sequencer
        test    bl, 0x10
        jz      .graphics
        test    bl, 0x0e
        jnz     .dac
        mov     ax, 0x0003
        int     0x10
        jmp     .next
.crtc:  push    ax
        crtc    0x11, 0                 ; CR00-07 may be written
        pop     ax
        mov     al, ah
        jmp     .write
.attribute:
        mov     dx, 0x3da
        in      al, dx
        mov     dx, 0x3c0
        mov     al, ah
        or      al, 0x20
        out     dx, al
        mov     al, bh
        out     dx, al
        jmp     .next
.sequencer:
        mov     dx, 0x3c4
        mov     al, ah
        and     al, 3
        jmp     .write
.graphics:
        mov     dx, 0x3ce
        mov     al, ah
        and     al, 7
        cmp     al, 6
        je      .next
.write: mov     ah, bh                  ; AL: the register, DX: the chip
        out     dx, ax
        jmp     .next
.dac:   mov     dx, 0x3c8
        mov     al, ah
        out     dx, al
        inc     dx
        mov     al, bh
        out     dx, al
        out     dx, al
        out     dx, al
        jmp     .next

random: imul    ebp, ebp, 1664525
        add     ebp, 1013904223
        ret
