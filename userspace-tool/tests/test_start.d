tests/test_start.o: tests/test_start.c lib/keel.h ../uapi/linux/keel.h \
 tests/tap.h vmcs_names.h
lib/keel.h:
../uapi/linux/keel.h:
tests/tap.h:
vmcs_names.h:
