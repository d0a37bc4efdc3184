tests/test_emulate_cpu.o: tests/test_emulate_cpu.c emulate/emulate.h \
 ../uapi/linux/keel.h tests/tap.h tests/emulate_forms.h
emulate/emulate.h:
../uapi/linux/keel.h:
tests/tap.h:
tests/emulate_forms.h:
