; The start that all guests share: %include it first, then write STAGE's label.
;
; The boot sector loads the 17 sectors behind it to 0x7E00, from the disk or floppy that
; the BIOS booted from (it leaves that in DL), and calls the label that -DSTAGE=label
; names, with DS = 0 and ES = 0xB800, in text mode 3, direction up. When the label returns,
; "READY" goes to port 0xE9 (QEMU's -debugcon) and the machine sleeps; a label that never
; returns calls `ready` itself.

bits 16
org 0x7c00

start:
        jmp     0:.entry                ; whatever CS:IP the BIOS came with
.entry: xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, 0x7c00
        cld
        mov     si, 5                   ; a floppy that spins up needs another try
.read:  mov     ax, 0x0211              ; read 17 sectors
        mov     cx, 0x0002              ; cylinder 0, from sector 2
        mov     dh, 0
        mov     bx, 0x7e00
        int     0x13
        jnc     run
        dec     si
        jnz     .read
        hlt

        times 510 - ($ - $$) db 0
        dw      0xaa55

run:    mov     ax, 0x0003
        int     0x10
        mov     ax, 0xb800
        mov     es, ax
        sti
        call    STAGE
        call    ready
sleep:  sti                             ; the BIOS goes on serving timer and keyboard
        hlt
        jmp     sleep

ready:  pusha
        mov     si, .text
.next:  lodsb
        out     0xe9, al
        cmp     al, 10
        jne     .next
        popa
        ret
.text:  db      "READY", 10

; crtc INDEX, VALUE: write a CRTC register (color addresses)
%macro crtc 2
        mov     dx, 0x3d4
        mov     ax, (%2) << 8 | (%1)
        out     dx, ax
%endmacro

; crtc_unlock: allow CR00-CR07 to be written (CR11 bit 7)
%macro crtc_unlock 0
        mov     dx, 0x3d4
        mov     al, 0x11
        out     dx, al
        inc     dx
        in      al, dx
        and     al, 0x7f
        out     dx, al
%endmacro

; sequencer INDEX, VALUE
%macro sequencer 2
        mov     dx, 0x3c4
        mov     ax, (%2) << 8 | (%1)
        out     dx, ax
%endmacro

; attribute INDEX, VALUE: write an attribute controller register, palette left connected
%macro attribute 2
        mov     dx, 0x3da
        in      al, dx                  ; the next write to 3C0 is an index
        mov     dx, 0x3c0
        mov     al, (%1) | 0x20
        out     dx, al
        mov     al, %2
        out     dx, al
%endmacro

; blinking OFF_OR_ON (0, 1): what attribute bit 7 means (AR10 bit 3)
%macro blinking 1
        mov     ax, 0x1003
        mov     bx, %1
        int     0x10
%endmacro

; cursor_at CELL: the cursor's address
%macro cursor_at 1
        crtc    0x0e, (%1) >> 8
        crtc    0x0f, (%1) & 0xff
%endmacro

; start_at CELL: the start address
%macro start_at 1
        crtc    0x0c, (%1) >> 8
        crtc    0x0d, (%1) & 0xff
%endmacro

; Fill all 32 KB of the text window with numbered lines of COLUMNS cells each: "LINE 0042 "
; and a letter for the rest, in a color of their own. BX = columns.
numbered_lines:
        xor     di, di
        xor     cx, cx                  ; the line's number
.line:  mov     ah, cl                  ; attributes 1-15, then background colors, too
        or      ah, 1
        mov     si, .label
        mov     dx, bx                  ; cells left in this line
.text:  lodsb
        stosw
        dec     dx
        cmp     al, ' '
        jne     .text
        call    .digits
        mov     al, cl
        and     al, 0x0f
        add     al, 'a'
.fill:  cmp     di, 0x8000
        jae     .done
        stosw
        dec     dx
        jnz     .fill
        inc     cx
        jmp     .line
.done:  ret
.digits:                                ; CX in four decimal digits
        pusha
        mov     bl, ah
        mov     ax, cx
        mov     cx, 4
        add     di, 6
.digit: xor     dx, dx
        mov     bp, 10
        div     bp
        add     dl, '0'
        mov     dh, bl
        mov     [es:di], dx
        sub     di, 2
        loop    .digit
        popa
        add     di, 8
        sub     dx, 4
        ret
.label: db      "LINE "
