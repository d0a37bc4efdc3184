tests/test_emulate.o: tests/test_emulate.c emulate/emulate.h \
 ../uapi/linux/keel.h tests/tap.h
emulate/emulate.h:
../uapi/linux/keel.h:
tests/tap.h:
