/*
 * Which set of loops this CPU runs best.
 * Reads what the CPU says of itself (CPUID, XGETBV).  Does not measure.
 */
#include "vision/kernel.h"

#include <pthread.h>
#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

static struct rdl_kernel_cpu cpu;
static pthread_once_t once = PTHREAD_ONCE_INIT;

#if defined(__x86_64__)

/* Parts of XCR0: the registers that the operating system saves. */
#define XCR0_AVX	0x6u
#define XCR0_AVX512	0xe6u
#define XCR0_AMX	0x60000u

static unsigned
xcr0(void)
{
	unsigned lo, hi;

	__asm__ volatile ("xgetbv" : "=a" (lo), "=d" (hi) : "c" (0));
	return lo;
}

/* Bits by Intel's Software Developer's Manual, volume 2A, CPUID. */
static void
look(void)
{
	unsigned a, b, c, d, os, b7, c7, d7;
	char vendor[12];

	if (__get_cpuid(0, &a, &b, &c, &d)) {
		memcpy(vendor, &b, 4);
		memcpy(vendor + 4, &d, 4);
		memcpy(vendor + 8, &c, 4);
		cpu.amd = memcmp(vendor, "AuthenticAMD", 12) == 0;
	}
	if (!__get_cpuid(1, &a, &b, &c, &d) || (c & 1u << 27) == 0)
		return;
	os = xcr0();
	if (!__get_cpuid_count(7, 0, &a, &b7, &c7, &d7))
		return;
	cpu.avx2_fma = (os & XCR0_AVX) == XCR0_AVX && (c & 1u << 12) != 0 &&
	    (b7 & 1u << 5) != 0;
	cpu.avx512 = (os & XCR0_AVX512) == XCR0_AVX512 && cpu.avx2_fma &&
	    (b7 & 1u << 16) != 0 && (b7 & 1u << 17) != 0 &&
	    (b7 & 1u << 30) != 0 && (b7 & 1u << 31) != 0;
	cpu.vnni = cpu.avx512 && (c7 & 1u << 11) != 0;
	cpu.fp16 = cpu.avx512 && (d7 & 1u << 23) != 0;
	cpu.amx = cpu.avx512 && (os & XCR0_AMX) == XCR0_AMX &&
	    (d7 & 1u << 22) != 0 && (d7 & 1u << 24) != 0 &&
	    (d7 & 1u << 25) != 0;
	if (!__get_cpuid_count(7, 1, &a, &b, &c, &d))
		return;
	cpu.avx_vnni = cpu.avx2_fma && (a & 1u << 4) != 0;
	cpu.bf16 = cpu.avx512 && (a & 1u << 5) != 0;
}

#else

static void
look(void)
{
}

#endif

const struct rdl_kernel_cpu *
rdl_kernel_cpu(void)
{
	(void)pthread_once(&once, look);
	return &cpu;
}

const struct rdl_kernel *
rdl_kernel_best(void)
{
	const struct rdl_kernel *k = rdl_kernel_avx512();

	if (k == NULL)
		k = rdl_kernel_avx2();
	return k != NULL ? k : rdl_kernel_plain();
}
