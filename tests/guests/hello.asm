; The first program of every hobby kernel: 40 characters straight into text memory, then
; the processor halts for good. Under KVM they stay in the coalesced MMIO ring.
;   halt      READY, write, then CLI and HLT
%include "boot.asm"

halt:
        call    ready                   ; before: an OUT makes KVM flush the ring
        mov     si, .text
        xor     di, di
        mov     ah, 0x1e
.next:  lodsb
        stosw
        cmp     di, 80
        jb      .next
        cli
.sleep: hlt
        jmp     .sleep
.text:  db      "Hello from a kernel that halts! 01234567"
