tests/test_devices.o: tests/test_devices.c devices/bus.h devices/debug.h \
 devices/serial.h tests/tap.h
devices/bus.h:
devices/debug.h:
devices/serial.h:
tests/tap.h:
