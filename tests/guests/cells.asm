; What cells are made of: characters, attributes, palettes, fonts.
;   all_cells          all 256 characters, attribute = cell number, bright backgrounds;
;                      with -DPAGE=n page n of the 33 that hold all 65,536 combinations
;   blinking_cells     all 256 attributes, bit 7 means blinking
;   dac_palette        another 16 colors in the DAC
;   attribute_palette  attribute colors permuted, the DAC's bits 7-6 from AR14
;   color_pages        AR10 bit 7: the DAC's bits 7-4 from AR14
;   two_fonts          512 glyphs: attribute bit 3 selects block 1, the ROM's font upside down
;   high_fonts         512 glyphs in blocks 5 and 6
;   own_glyph          'a' is a face
;   no_line_graphics   AR10 bit 2 clear: no ninth dot for line drawing
;   random_memory      all 32 KB random: register x of LCG x = 25173 x + 13849, high byte
%include "boot.asm"
%ifndef PAGE
%define PAGE 0
%endif

all_cells:
        blinking 0
        mov     ax, PAGE * 2000         ; AH attribute, AL character: the cell's number
fill_page:
        xor     di, di
        mov     cx, 2000
.cell:  stosw
        inc     ax
        loop    .cell
        ret

blinking_cells:
        blinking 1
        xor     di, di
        xor     ax, ax
.row:   mov     al, 'A'
        mov     cx, 7                   ; 256 attributes, 7 cells each
.cell:  stosw
        inc     al
        loop    .cell
        inc     ah
        jnz     .row
        ret

dac_palette:
        mov     dx, 0x3c8
        xor     al, al
        out     dx, al
        inc     dx
        mov     cx, 64 * 3              ; the 64 that a text mode uses
.byte:  mov     al, cl
        imul    ax, ax, 37
        and     al, 0x3f
        out     dx, al
        loop    .byte
        jmp     show_attributes

attribute_palette:
        call    distinct_dac
        attribute 0x01, 0x3e
        attribute 0x07, 0x11
        attribute 0x0f, 0x2a
        attribute 0x14, 0x0c            ; colors C0-FF
        jmp     show_attributes

color_pages:
        call    distinct_dac
        attribute 0x10, 0x84            ; bit 7; 9 dots for line drawing; no blinking
        attribute 0x14, 0x0b            ; colors B0-BF
        jmp     show_attributes

show_attributes:
        xor     di, di
        xor     ax, ax
.next:  mov     al, ah
        stosw
        mov     al, 'W'
        stosw
        inc     ah
        jnz     .next
        ret

distinct_dac:                           ; 256 DAC colors, none like another
        mov     dx, 0x3c8
        xor     al, al
        out     dx, al
        inc     dx
        xor     cx, cx
.color: mov     al, cl
        and     al, 0x3f
        out     dx, al
        mov     al, cl
        shr     al, 2
        out     dx, al
        mov     al, cl
        xor     al, 0x2a
        and     al, 0x3f
        out     dx, al
        inc     cl
        jnz     .color
        ret

; upside_down BLOCK: load the ROM's 8x16 font there, each glyph's rows in reverse order
%macro upside_down 1
        mov     bx, %1
        call    load_upside_down
%endmacro

load_upside_down:
        push    es
        push    bx
        mov     ax, 0x1130              ; ES:BP = the ROM's 8x16 font
        mov     bh, 6
        int     0x10
        push    es
        pop     fs
        xor     ax, ax
        mov     es, ax
        mov     di, 0xa000
        mov     cx, 256
.glyph: push    cx
        mov     cx, 16
        lea     si, [bp + 15]
.row:   mov     al, [fs:si]
        dec     si
        stosb
        loop    .row
        add     bp, 16
        pop     cx
        loop    .glyph
        pop     bx
        or      bh, 16                  ; 16 bytes a glyph
        mov     ax, 0x1100
        mov     cx, 256
        xor     dx, dx
        mov     bp, 0xa000
        int     0x10
        pop     es
        ret

both_fonts:                             ; all characters in either font
        xor     di, di
        mov     ax, 0x0700
        call    .all
        mov     ax, 0x1e00
.all:   mov     cx, 256
.cell:  stosw
        inc     al
        loop    .cell
        ret

two_fonts:
        upside_down 1
        sequencer 3, 0x04               ; bit 3 set: block 1; clear: block 0
        jmp     both_fonts

high_fonts:
        upside_down 5
        mov     ax, 0x1104              ; the ROM's 8x16 font into block 6
        mov     bl, 6
        int     0x10
        sequencer 3, 0x27               ; bit 3 set: A = 1.01 = 5; clear: B = 0.11 = 6
        jmp     both_fonts

own_glyph:
        push    es
        xor     ax, ax
        mov     es, ax
        mov     ax, 0x1100
        mov     bx, 0x1000
        mov     cx, 1
        mov     dx, 'a'
        mov     bp, .face
        int     0x10
        pop     es
        mov     bx, 80
        jmp     numbered_lines
.face:  db      0, 0, 0x7e, 0x81, 0xa5, 0x81, 0x81, 0xbd, 0x99, 0x81, 0x81, 0x7e, 0, 0, 0, 0

no_line_graphics:
        attribute 0x10, 0x08
        mov     ax, 0x1f00
        jmp     fill_page

random_memory:
        xor     di, di
        mov     ax, 4711
.byte:  imul    ax, ax, 25173
        add     ax, 13849
        mov     [es:di], ah
        inc     di
        cmp     di, 0x8000
        jb      .byte
        ret
