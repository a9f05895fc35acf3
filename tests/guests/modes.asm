; Modes other than text, each after text that must not be taken for the screen.
;   blank           palette disconnected (AR index bit 5 clear)
;   blank_on_key    READY in text, blank and READY again after a key
;   cga_640x200     mode 6             vga_640x480      mode 12h
;   vga_320x200     mode 13h           vbe_1024x768     VBE mode 105h
;   back_in_text    text mode 3 after VBE
;   alternating     vga_640x480 and text, a tick (55 ms) each, for ever
%include "boot.asm"

; mode NUMBER: stale text, then the mode, then a line drawn in it by the BIOS
%macro mode 1
        mov     si, stale
        call    print
        mov     ax, %1
        int     0x10
        mov     si, drawn
        jmp     print
%endmacro

cga_640x200:    mode 0x0006
vga_640x480:    mode 0x0012
vga_320x200:    mode 0x0013

blank:
        mov     si, stale
        call    print
disconnect:
        mov     dx, 0x3da
        in      al, dx
        mov     dx, 0x3c0
        mov     al, 0
        out     dx, al
        ret

blank_on_key:
        mov     si, stale
        call    print
        call    ready
        xor     ax, ax
        int     0x16
        jmp     disconnect

vbe_1024x768:
        mov     si, stale
        call    print
        mov     ax, 0x4f02
        mov     bx, 0x4105
        int     0x10
        mov     si, drawn
        jmp     print

back_in_text:
        call    vbe_1024x768
        mov     ax, 0x0003
        int     0x10
        mov     si, back
        jmp     print

alternating:
        call    ready
.next:  mov     ax, 0x0012
        int     0x10
        hlt
        mov     ax, 0x0003
        int     0x10
        mov     si, back
        call    print
        hlt
        jmp     .next

print:  lodsb
        test    al, al
        jz      .done
        mov     ah, 0x0e
        mov     bx, 7
        int     0x10
        jmp     print
.done:  ret
stale:  db      "STALE TEXT from before the mode was set", 13, 10, 0
drawn:  db      "Drawn by the BIOS", 0
back:   db      "BACK IN TEXT", 13, 10, 0
