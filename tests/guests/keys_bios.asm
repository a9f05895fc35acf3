; Echo what BIOS int 16h gives, to the debug console (port E9): the ASCII code of each
; key, or 00 and the scan code where it has none. "!" says that it listens.
; Also shown on the screen.
bits 16
org 0x7c00

    xor ax, ax
    mov ds, ax
    mov ss, ax
    mov sp, 0x7c00
    sti
    mov al, '!'
    out 0xe9, al
next:
    xor ah, ah
    int 0x16
    out 0xe9, al
    test al, al
    jnz show
    mov al, ah
    out 0xe9, al
show:
    mov ah, 0x0e
    mov bx, 7
    int 0x10
    jmp next

    times 510 - ($ - $$) db 0
    dw 0xaa55
