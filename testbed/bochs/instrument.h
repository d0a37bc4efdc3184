/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Bochs lets a program watch its CPUs: it includes this file everywhere and
 * calls these macros at each event. We want writes to I/O ports and nothing
 * else; all the rest is empty and costs nothing. Next: instrument.cc.
 */
#ifndef TESTBED_INSTRUMENT_H
#define TESTBED_INSTRUMENT_H

void testbed_port_write(unsigned int port, unsigned int value);

#define BX_INSTR_OUTP(port, len, value)		testbed_port_write(port, value)

#define BX_INSTR_INIT_ENV()
#define BX_INSTR_EXIT_ENV()
#define BX_INSTR_INITIALIZE(cpu)
#define BX_INSTR_EXIT(cpu)
#define BX_INSTR_RESET(cpu, type)
#define BX_INSTR_HLT(cpu)
#define BX_INSTR_MWAIT(cpu, addr, len, flags)
#define BX_INSTR_DEBUG_PROMPT()
#define BX_INSTR_DEBUG_CMD(cmd)
#define BX_INSTR_CNEAR_BRANCH_TAKEN(cpu, from, to)
#define BX_INSTR_CNEAR_BRANCH_NOT_TAKEN(cpu, from)
#define BX_INSTR_UCNEAR_BRANCH(cpu, what, from, to)
#define BX_INSTR_FAR_BRANCH(cpu, what, from_cs, from, to_cs, to)
#define BX_INSTR_OPCODE(cpu, insn, opcode, len, is32, is64)
#define BX_INSTR_EXCEPTION(cpu, vector, error_code)
#define BX_INSTR_INTERRUPT(cpu, vector)
#define BX_INSTR_HWINTERRUPT(cpu, vector, cs, ip)
#define BX_INSTR_CLFLUSH(cpu, linear, physical)
#define BX_INSTR_CACHE_CNTRL(cpu, what)
#define BX_INSTR_TLB_CNTRL(cpu, what, cr3)
#define BX_INSTR_PREFETCH_HINT(cpu, what, segment, offset)
#define BX_INSTR_BEFORE_EXECUTION(cpu, insn)
#define BX_INSTR_AFTER_EXECUTION(cpu, insn)
#define BX_INSTR_REPEAT_ITERATION(cpu, insn)
#define BX_INSTR_LIN_ACCESS(cpu, linear, physical, len, type, rw)
#define BX_INSTR_PHY_ACCESS(cpu, physical, len, type, rw)
#define BX_INSTR_INP(port, len)
#define BX_INSTR_INP2(port, len, value)
#define BX_INSTR_WRMSR(cpu, msr, value)
#define BX_INSTR_VMEXIT(cpu, reason, qualification)

#endif
