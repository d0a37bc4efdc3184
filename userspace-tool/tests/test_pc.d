tests/test_pc.o: tests/test_pc.c devices/bus.h devices/fw_cfg.h \
 devices/i8042.h devices/pci_host.h devices/bus.h devices/port92.h \
 tests/tap.h
devices/bus.h:
devices/fw_cfg.h:
devices/i8042.h:
devices/pci_host.h:
devices/bus.h:
devices/port92.h:
tests/tap.h:
