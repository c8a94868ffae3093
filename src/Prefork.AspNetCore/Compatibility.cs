#if !NET9_0_OR_GREATER
// The lock statement takes either.
global using Lock = System.Object;
#endif
