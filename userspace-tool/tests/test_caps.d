tests/test_caps.o: tests/test_caps.c caps.h ../uapi/linux/keel.h \
 vmx_names.h cmd.h cpulist.h json.h lib/keel.h tests/tap.h
caps.h:
../uapi/linux/keel.h:
vmx_names.h:
cmd.h:
cpulist.h:
json.h:
lib/keel.h:
tests/tap.h:
