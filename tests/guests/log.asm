; A log: "line 000042 ..." scrolls by for ever, or -DLINES=n lines of it, then "end of log".
; READY when it begins, and READY again when it has ended.
;   paced     one line each TICKS (-DTICKS=n) timer ticks; the timer runs at 100 Hz
;   flood     as fast as the BIOS can
; Every line has its number and a number of dots that depends on it, in color 7.
%include "boot.asm"
%ifndef TICKS
%define TICKS 2
%endif
%ifndef LINES
%define LINES 0
%endif

paced:
        mov     al, 0x34                ; timer 0, rate generator: 1193182 Hz / 11932 = 100 Hz
        out     0x43, al
        mov     al, 11932 & 0xff
        out     0x40, al
        mov     al, 11932 >> 8
        out     0x40, al
        call    ready
.next:  mov     cx, TICKS
.wait:  mov     ax, [0x046c]            ; the BIOS counts ticks here
.same:  hlt
        cmp     ax, [0x046c]
        je      .same
        loop    .wait
        call    line
        jc      .next
        ret

flood:
        call    ready
.next:  call    line
        jc      .next
        ret

; Print one line; carry set while there are more to come.
line:
        mov     si, .word
        call    print
        mov     eax, [number]
        mov     ebx, 10
        mov     di, .digits + 6
.digit: xor     edx, edx
        div     ebx
        add     dl, '0'
        dec     di
        mov     [di], dl
        cmp     di, .digits
        ja      .digit
        mov     si, .digits
        call    print
        mov     cx, [number]
        and     cx, 31
        inc     cx
.dot:   mov     al, '.'
        call    put
        loop    .dot
        mov     si, .end_of_line
        call    print
        inc     dword [number]
%if LINES
        cmp     dword [number], LINES
        jb      .more
        mov     si, .end
        call    print
        clc
        ret
%endif
.more:  stc
        ret
.word:          db "line ", 0
.digits:        db "000000 ", 0
.end_of_line:   db 13, 10, 0
.end:           db "end of log", 13, 10, 0
number:         dd 1

print:  lodsb
        test    al, al
        jz      .done
        call    put
        jmp     print
.done:  ret

put:    pusha
        mov     ah, 0x0e
        mov     bx, 7
        int     0x10
        popa
        ret
