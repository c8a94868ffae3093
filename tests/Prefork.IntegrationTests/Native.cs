using System.Runtime.InteropServices;

namespace Prefork.IntegrationTests;

internal static class Native
{
    internal const int SigInt = 2;
    internal const int SigKill = 9;
    internal const int SigTerm = 15;
    internal const int SigCont = 18;
    internal const int SigStop = 19;

    internal static void Kill(int pid, int signal) => _ = kill(pid, signal);

    [DllImport("libc")]
    private static extern int kill(int pid, int signal);
}
