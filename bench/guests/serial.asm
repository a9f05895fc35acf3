; What the bench measures: a screen that changes exactly when a byte comes in on COM1.
;
;   1        every cell becomes another character in another of 16 x 8 colors
;   2        the screen is cleared, then 300 numbered lines are printed, 50 a second
;   others   the byte is written into the cell at row 10, column 40
;
; The byte goes back when that is done; the first byte sent is READY's R. In between the
; machine sleeps, without even a timer tick. The cursor stands in row 24.
%include "boot.asm"

LINES   equ 300
CELL    equ (10 * 80 + 40) * 2
COM1    equ 0x3f8
PIC     equ 0x21
NO_IRQS equ 0xef                        ; all masked but IRQ 4, COM1's
TICKS   equ 0xee                        ; and IRQ 0

serial:
        call    menu
        cli
        mov     word [0x0c * 4], woken
        mov     word [0x0c * 4 + 2], 0
        mov     al, NO_IRQS
        out     PIC, al
        mov     dx, COM1 + 3            ; 8N1
        mov     al, 3
        out     dx, al
        mov     dx, COM1 + 4            ; OUT2: interrupts reach the PIC
        mov     al, 0x0b
        out     dx, al
        mov     dx, COM1 + 1            ; one for each byte that comes in
        mov     al, 1
        out     dx, al
        mov     al, 'R'
.reply: mov     dx, COM1
        out     dx, al
.wait:  cli
        mov     dx, COM1 + 5
        in      al, dx
        test    al, 1
        jnz     .byte
        sti                             ; takes effect after hlt: nothing comes between
        hlt
        jmp     .wait
.byte:  sti
        mov     dx, COM1
        in      al, dx
        push    ax
        cmp     al, 1
        je      .noise
        cmp     al, 2
        je      .log
        mov     [es:CELL], al
        jmp     .done
.noise: call    noise
        jmp     .done
.log:   call    log
.done:  pop     ax
        jmp     .reply

woken:  push    ax
        mov     al, 0x20                ; end of interrupt
        out     0x20, al
        pop     ax
        iret

; What a boot loader shows: a frame, entries, one of them chosen.
menu:   xor     di, di
        mov     ax, 0x07c9
        mov     bl, 0xcd
        mov     dl, 0xbb
        call    .frame
        mov     cx, 12
.side:  push    cx
        mov     ax, 0x07ba
        mov     bl, ' '
        mov     dl, 0xba
        call    .frame
        pop     cx
        loop    .side
        mov     ax, 0x07c8
        mov     bl, 0xcd
        mov     dl, 0xbc
        call    .frame
        mov     bx, 160 * 2 + 8
        mov     ah, 0x70
        mov     cx, 4
.entry: mov     di, bx
        mov     si, text
.next:  lodsb
        stosw
        cmp     si, text + 40
        jb      .next
        mov     ah, 0x07
        add     bx, 160
        loop    .entry
        cursor_at 24 * 80
        ret
.frame: stosw
        mov     al, bl
        mov     cx, 78
        rep     stosw
        mov     al, dl
        stosw
        ret

noise:  xor     di, di
.next:  mov     eax, [random]           ; xorshift32
        mov     edx, eax
        shl     edx, 13
        xor     eax, edx
        mov     edx, eax
        shr     edx, 17
        xor     eax, edx
        mov     edx, eax
        shl     edx, 5
        xor     eax, edx
        mov     [random], eax
        and     ax, 0x7f3f              ; no blinking
        add     al, 0x21
        cmp     al, [es:di]
        jne     .other
        inc     al
.other: stosw
        cmp     di, 4000
        jb      .next
        ret
random: dd      2463534242

log:    mov     ax, 0x0003
        int     0x10
        mov     al, 0x34                ; timer 0, rate generator: 1193182 Hz / 23864 = 50 Hz
        out     0x43, al
        mov     al, 23864 & 0xff
        out     0x40, al
        mov     al, 23864 >> 8
        out     0x40, al
        mov     al, TICKS
        out     PIC, al
        mov     word [number], 1
.next:  mov     ax, [0x046c]            ; the BIOS counts ticks here
.same:  hlt
        cmp     ax, [0x046c]
        je      .same
        call    line
        inc     word [number]
        cmp     word [number], LINES
        jbe     .next
        mov     al, NO_IRQS
        out     PIC, al
        ret

; "line 0042 " and 50 to 60 characters that are other ones in each line.
line:   mov     ax, [number]
        mov     bx, 10
        mov     di, .digits + 4
.digit: xor     dx, dx
        div     bx
        add     dl, '0'
        dec     di
        mov     [di], dl
        cmp     di, .digits
        ja      .digit
        mov     si, .word
        mov     cx, 10
        call    print
        mov     ax, [number]
        mov     bx, 11
        xor     dx, dx
        div     bx
        mov     cx, 50
        add     cx, dx
        mov     ax, [number]
        mov     bx, 61
        xor     dx, dx
        div     bx
        mov     si, text
        add     si, dx
        call    print
        mov     si, .end
        mov     cx, 2
        jmp     print
.word:          db "line "
.digits:        db "0000 "
.end:           db 13, 10

print:  lodsb
        mov     ah, 0x0e
        mov     bx, 7
        push    cx
        push    si
        int     0x10
        pop     si
        pop     cx
        loop    print
        ret
number: dw      1
text:   db      "pci 0000:00:1f.2: reg 0x20: [io 0xc0a0-0xc0bf] ahci slots 32 ports 6 "
        db      "Gbps impl 0x3f sata mode flags: 64bit ncq only eth0: link up"
