; Echo every byte that the keyboard controller gives (scan code set 1), polled with
; interrupts off, to the debug console (port E9). "!" says that it listens.
bits 16
org 0x7c00

    cli
    mov al, '!'
    out 0xe9, al
next:
    in al, 0x64
    test al, 1
    jz next
    in al, 0x60
    out 0xe9, al
    jmp next

    times 510 - ($ - $$) db 0
    dw 0xaa55
