; The keyboard: what arrives goes to the debug console (port E9), after READY.
;   bios    what int 16h gives: the ASCII code of each key, or 00 and the scan code where it
;           has none; shown on the screen, too
;   raw     every byte that the keyboard controller gives (scan code set 1), polled with
;           interrupts off
%include "boot.asm"

bios:
        call    ready
.next:  xor     ah, ah
        int     0x16
        out     0xe9, al
        test    al, al
        jnz     .show
        mov     al, ah
        out     0xe9, al
.show:  mov     ah, 0x0e
        mov     bx, 7
        int     0x10
        jmp     .next

raw:
        cli
        call    ready
.next:  in      al, 0x64
        test    al, 1
        jz      .next
        in      al, 0x60
        out     0xe9, al
        jmp     .next
