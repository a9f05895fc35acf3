; The guest of `cgaterm demo`: shows what a VGA in text mode can do, and echoes what is typed.
; Build it with: nasm -f bin -o demo.img demo.asm
;
; A floppy for the BIOS of any PC. The boot sector loads the rest; what moves is in `tick`,
; 18.2 times a second. Cells are written straight to B8000, the cursor's shape and place to
; the CRTC; the BIOS reads keys, loads the glyph and sets what attribute bit 7 means.
;
; stand_in.py shows the same page where there is no QEMU. It finds it by the table right
; behind the boot sector (u16, offsets in this image):
;
;   0x200  page            25 rows of 80 cells, character and attribute
;   0x202  vga_messages    what the log says, each with a 0 byte at its end
;   0x204  messages        of these the first that is true without a VGA, too
;   0x206  messages_end

bits 16
org 0x7c00

DIM       equ 0x08
LABEL     equ 0x03
PLAIN     equ 0x07
BRIGHT    equ 0x0f
ACCENT    equ 0x0b
SAMPLE    equ 0xb0                      ; black on cyan; bit 7 makes that bright, or blink

%define at(row, column) ((row) * 160 + (column) * 2)

LOG         equ at(5, 37)               ; the region that scrolls
LOG_ROWS    equ 9
LOG_COLUMNS equ 41
STAMP       equ 9                       ; the columns before a line's text
TYPED       equ at(22, 19)
TYPED_MAX   equ LOG_COLUMNS - STAMP     ; Enter makes it a line of the log
SCAN_CODE   equ at(19, 57)
ASCII_CODE  equ at(19, 67)

start:  jmp     0:.entry                ; whatever CS:IP the BIOS came with
.entry: xor     ax, ax
        mov     ds, ax
        mov     es, ax
        mov     ss, ax
        mov     sp, start
        cld
        mov     si, 5                   ; a floppy that spins up needs another try
.read:  mov     ax, 0x0200 | (end - loaded) / 512
        mov     cx, 0x0002              ; cylinder 0, from sector 2; DL: the BIOS left the drive
        mov     dh, 0
        mov     bx, loaded
        int     0x13
        jnc     run
        dec     si
        jnz     .read
        int     0x18                    ; nothing to boot

        times 510 - ($ - $$) db 0
        dw      0xaa55

loaded: dw      page - start, vga_messages - start, messages - start, messages_end - start

run:    mov     ax, 0x0003              ; text mode 3: 80x25, 16 colors
        int     0x10
        mov     ax, 0x1100              ; load one glyph of 16 bytes into font block 0
        mov     bx, 0x1000
        mov     cx, 1
        mov     dx, 0x9e
        mov     bp, glyph
        int     0x10
        mov     ax, 0xb800
        mov     es, ax
        mov     si, page
        xor     di, di
        mov     cx, 2000
        rep     movsw
        call    place_cursor
        sti

sleep:  hlt                             ; until the timer's or the keyboard's interrupt
        call    read_keys
        mov     ax, [0x46c]             ; the BIOS's count of timer interrupts
        cmp     ax, [bios_ticks]
        je      sleep
        mov     [bios_ticks], ax
        call    tick
        jmp     sleep

; ---- what moves --------------------------------------------------------------------------

tick:   mov     ax, [ticks]
        inc     word [ticks]
        test    al, 31                  ; every 32 ticks, 1.76 s, the next of 8 phases
        jnz     .log
        shr     ax, 5
        and     ax, 7
        push    ax
        mov     bx, ax                  ; another cursor in each phase, 4 of them in turn
        and     bx, 3
        push    bx
        mov     si, cursor_choices
        mov     cx, 4
        call    choose
        pop     bx
        add     bx, bx
        mov     bx, [cursor_shapes + bx]
        mov     dx, 0x3d4
        mov     al, 0x0a
        mov     ah, bl
        out     dx, ax
        mov     al, 0x0b
        mov     ah, bh
        out     dx, ax
        pop     bx                      ; bit 7 blinks in phases 4 and 5, else it is brightness
        shr     bx, 1
        cmp     bl, 2
        mov     bx, 0
        jne     .bit_7
        inc     bx
.bit_7: mov     ax, 0x1003
        push    bx
        int     0x10
        pop     bx
        mov     si, bit_7_choices
        mov     cx, 2
        call    choose

.log:   dec     byte [until_line]
        jnz     .done
        inc     word [lines]
        mov     byte [until_line], 3    ; six lines a second, as when a system boots,
        cmp     word [lines], 24
        jb      .line
        mov     byte [until_line], 9    ; then two, to be read
.line:  mov     si, [message]
        mov     ah, PLAIN
        call    log
        cmp     si, messages_end
        jb      .next
        mov     si, messages
.next:  mov     [message], si
.done:  ret

; Of the CX choices at SI (place, length) show number BX as chosen and the others as not.
choose: mov     al, DIM
        test    bx, bx
        jnz     .paint
        mov     al, ACCENT
.paint: push    cx
        mov     di, [si]
        mov     cx, [si + 2]
.cell:  inc     di
        stosb
        loop    .cell
        pop     cx
        add     si, 4
        dec     bx
        loop    choose
        ret

; Scroll the log and write a line: text SI up to its 0 byte (SI is behind it then), attribute AH.
log:    push    ax
        push    si
        push    ds
        push    es
        pop     ds
        mov     di, LOG
        mov     dx, LOG_ROWS - 1
.row:   lea     si, [di + 160]
        push    di
        mov     cx, LOG_COLUMNS
        rep     movsw
        pop     di
        add     di, 160
        dec     dx
        jnz     .row
        pop     ds
        push    di
        mov     ax, DIM << 8 | ' '
        mov     cx, LOG_COLUMNS
        rep     stosw
        pop     di
        mov     ax, [ticks]             ; a tick is 54.9 ms: 11 half hundredths of a second
        mov     cx, 11
        mul     cx
        shr     dx, 1
        rcr     ax, 1
        mov     cx, 100
        div     cx                      ; AX: seconds, DX: hundredths
        xchg    ax, dx
        aam                             ; AH: tens, AL: ones
        add     ax, '00'
        mov     byte [es:di + 8], '.'
        mov     [es:di + 10], ah
        mov     [es:di + 12], al
        xchg    ax, dx
        lea     bx, [di + 6]
        mov     cx, 10
.digit: xor     dx, dx
        div     cx
        add     dl, '0'
        mov     [es:bx], dl
        sub     bx, 2
        test    ax, ax
        jnz     .digit
        add     di, STAMP * 2
        pop     si
        pop     ax
.text:  lodsb
        test    al, al
        jz      .done
        stosw
        jmp     .text
.done:  ret

; ---- keys --------------------------------------------------------------------------------

read_keys:
        mov     ah, 0x11                ; is there a key?
        int     0x16
        jz      .done
        mov     ah, 0x10                ; take it: AH scan code, AL character
        int     0x16
        mov     bx, ax
        mov     al, bh
        mov     di, SCAN_CODE
        call    hexadecimal
        mov     al, bl
        mov     di, ASCII_CODE
        call    hexadecimal
        mov     al, bl
        mov     bx, [typed_length]
        cmp     al, 27
        je      power_off
        cmp     al, 13
        je      .enter
        cmp     al, 8
        je      .backspace
        cmp     al, ' '
        jb      read_keys
        cmp     al, '~'
        ja      read_keys
        cmp     bx, TYPED_MAX
        jae     read_keys
        mov     [typed + bx], al
        inc     bx
        jmp     .show
.backspace:
        sub     bx, 1
        jb      read_keys
        jmp     .show
.enter: test    bx, bx
        jz      read_keys
        mov     byte [typed + bx], 0
        mov     si, typed
        mov     ah, BRIGHT
        call    log
        xor     bx, bx
.show:  mov     [typed_length], bx
        mov     si, typed
        mov     di, TYPED
        mov     ah, BRIGHT
        mov     cx, TYPED_MAX
.cell:  lodsb
        dec     bx
        jns     .typed
        mov     al, ' '                 ; blank behind what was typed
.typed: stosw
        loop    .cell
        call    place_cursor
        jmp     read_keys
.done:  ret

hexadecimal:                            ; write AL as two digits at DI
        aam     16                      ; AH: the higher digit, AL: the lower
        call    .digit
.digit: xchg    ah, al
        push    ax
        cmp     al, 10                  ; 0-9 to '0'-'9', 10-15 to 'A'-'F'
        sbb     al, 0x69
        das
        mov     ah, PLAIN
        stosw
        pop     ax
        ret

place_cursor:                           ; behind what was typed
        mov     bx, [typed_length]
        add     bx, TYPED / 2
        mov     dx, 0x3d4
        mov     al, 0x0e
        mov     ah, bh
        out     dx, ax
        mov     al, 0x0f
        mov     ah, bl
        out     dx, ax
        ret

power_off:                              ; by the BIOS's APM
        mov     ax, 0x5301              ; connect
        xor     bx, bx
        int     0x15
        mov     ax, 0x530e              ; version 1.2
        xor     bx, bx
        mov     cx, 0x0102
        int     0x15
        mov     ax, 0x5307              ; all devices off
        mov     bx, 1
        mov     cx, 3
        int     0x15
        jmp     0xffff:0                ; a machine that cannot starts again

; ---- data --------------------------------------------------------------------------------

bios_ticks:     dw 0
ticks:          dw 0
lines:          dw 0
until_line:     db 1
message:        dw vga_messages
typed_length:   dw 0
typed:          times TYPED_MAX + 1 db 0

cursor_choices: dw at(16, 47), 9, at(16, 58), 4, at(16, 64), 5, at(16, 71), 6
cursor_shapes:  dw 0x0e0d, 0x0f08, 0x0f00, 0x0020       ; last and first scan line; off
bit_7_choices:  dw at(17, 47), 6, at(17, 55), 6

glyph:  db      00000000b               ; a euro
        db      00000000b
        db      00011100b
        db      00110110b
        db      01100000b
        db      11111100b
        db      01100000b
        db      11111000b
        db      01100000b
        db      01100000b
        db      00110110b
        db      00011100b
        times 4 db 0

%macro message 1
        %strlen %%length %1
        %if %%length > LOG_COLUMNS - STAMP
          %error %1 is too long for the log
        %endif
        db      %1, 0
%endmacro

vga_messages:
        message "a boot sector loaded this"
        message "VGA mode 3: 80x25, 16 colors"
        message "cells go straight to B8000"
        message "no serial port, no VNC, no agent"
        message "colors are read from the DAC"
        message "letters are read from the font"
        message "the cursor is read from the CRTC"
messages:
        message "cgaterm ls       what runs here"
        message "cgaterm attach   sit down at it"
        message "cgaterm screen   print a screen"
        message "cgaterm run      boot your own"
        message "cgaterm explain  how it is read"
        message "only what changes is sent"
        message "a slow line gets the newest"
        message "an idle guest costs no bytes"
        message "no guest's memory is written to"
messages_end:

; ---- the page ----------------------------------------------------------------------------

; cells ATTRIBUTE, 'text', ...: as cells of the page. Text is ASCII and what UNICODE has.
%define UNICODE '═║╔╗╚╝╟╢─│├┤┬┴▀▄█€'    ; three bytes each
%define CP437 `\xcd\xba\xc9\xbb\xc8\xbc\xc7\xb6\xc4\xb3\xc3\xb4\xc2\xc1\xdf\xdc\xdb\x9e`

%macro cells 2-*
  %rep %0 / 2
    %strlen %%length %2
    %assign %%index 1
    %rep %%length
      %if %%index <= %%length
        %substr %%character %2 %%index
        %if %%character < 0x80
                db      %%character, %1
                %assign %%index %%index + 1
        %else
          %substr %%bytes %2 %%index, 3
          %assign %%place 1
          %rep 18
            %substr %%known UNICODE %%place * 3 - 2, 3
            %ifidn %%known, %%bytes
              %substr %%code CP437 %%place
                db      %%code, %1
            %endif
            %assign %%place %%place + 1
          %endrep
          %assign %%index %%index + 3
        %endif
      %endif
    %endrep
    %rotate 2
  %endrep
%endmacro

; A row with the next 16 characters and attributes, then the given cells; 36 + 44 columns.
%assign number 0
%macro row 2-*
                cells   DIM, '║ '
        %rep 16
                db      number, number, ' ', number
          %assign number number + 1
        %endrep
                cells   DIM, ' ', %{1:-1}
%endmacro

page:   cells   DIM, '╔══════════════════════════════════════════════════════════════════════════════╗'
        cells   DIM, '║  ', ACCENT, '▄▀▀▀ ▄▀▀▀ ▄▀▀▄ ', BRIGHT, '▀▀█▀▀ █▀▀▀ █▀▀▄ █▄ ▄█'
        cells   BRIGHT, '    The text screen of any QEMU guest,  ', DIM, '║'
        cells   DIM, '║  ', ACCENT, '█    █ ▄▄ █▄▄█ ', BRIGHT, '  █   █▀▀  █▄▄▀ █ █ █'
        cells   PLAIN, '    read out of its memory,             ', DIM, '║'
        cells   DIM, '║  ', ACCENT, '▀▄▄▄ ▀▄▄█ █  █ ', BRIGHT, '  █   █▄▄▄ █ ▀▄ █   █'
        cells   PLAIN, '    as text, in your terminal.          ', DIM, '║'
        cells   DIM, '╟─ ', LABEL, '256 characters, 256 attributes', DIM, ' ─┬─ '
        cells   LABEL, 'a log, scrolling', DIM, ' ────────────────────────╢'
    %rep LOG_ROWS
        row     DIM, '│                                           ║'
    %endrep
        row     DIM, '├─ ', LABEL, 'what else a VGA can do', DIM, ' ──────────────────╢'
        row     DIM, '│                                           ║'
        row     DIM, '│', PLAIN, ' cursor    ', DIM, 'underline  half  block  hidden  ║'
        row     DIM, '│', PLAIN, ' bit 7     ', DIM, 'bright  blinks   ', SAMPLE, ' sample ', DIM, '       ║'
        row     DIM, '│', PLAIN, ' own glyph ', ACCENT, '€', PLAIN, ', where the ROM has a peseta   ', DIM, '║'
        row     DIM, '│', PLAIN, ' last key  scan code --  ASCII --          ', DIM, '║'
        row     DIM, '│                                           ║'
        cells   DIM, '╟──────────────────────────────────┴───────────────────────────────────────────╢'
        cells   DIM, '║  ', BRIGHT, 'Type something:'
        cells   PLAIN, '                                              Esc: power off ', DIM, '║'
        cells   DIM, '║  ', PLAIN, "These 2000 cells are read out of QEMU's memory; the guest does not notice."
        cells   DIM, '  ║'
        cells   DIM, '╚══════════════════════════════════════════════════════════════════════════════╝'

%if $ - page != 4000
  %error the page is not 80x25
%endif

        align   512, db 0
end:
