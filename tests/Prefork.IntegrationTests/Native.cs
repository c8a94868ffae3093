using System.Runtime.InteropServices;

namespace Prefork.IntegrationTests;

internal static class Native
{
    internal const int SigHup = 1;
    internal const int SigInt = 2;
    internal const int SigKill = 9;
    internal const int SigUsr2 = 12;
    internal const int SigTerm = 15;
    internal const int SigCont = 18;
    internal const int SigStop = 19;

    /// <summary>By SIGSTOP, which each thread obeys in its own time.</summary>
    internal static bool IsStopped(int pid)
        => Directory.GetDirectories($"/proc/{pid}/task").All(static thread => File.ReadAllText($"{thread}/stat").Split(") ")[^1][0] == 'T');

    internal static void Kill(int pid, int signal) => _ = kill(pid, signal);

    /// <summary>Whether a process has ended in this time: by its pidfd, so that waiting takes no processor from whoever is to end.</summary>
    internal static unsafe bool WaitForEnd(int pid, TimeSpan timeout)
    {
        const int PidfdOpen = 434;
        var descriptor = (int)syscall(PidfdOpen, pid, 0);
        if (descriptor < 0)
        {
            // There is no such process.
            return true;
        }

        using var pidfd = new Microsoft.Win32.SafeHandles.SafeFileHandle(descriptor, ownsHandle: true);
        var entry = new PollEntry { Descriptor = descriptor, Events = 1 };
        var end = Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        int result;
        do
        {
            // EINTR: the primary was our child, and its death is told by a signal.
            result = poll(&entry, 1, (int)Math.Max(0, end - Environment.TickCount64));
        }
        while (result < 0 && Marshal.GetLastPInvokeError() == 4);
        return result == 1;
    }

    private struct PollEntry
    {
        internal int Descriptor;
        internal short Events;
        internal short Returned;
    }

    [DllImport("libc")]
    private static extern nint syscall(nint number, int pid, uint flags);

    [DllImport("libc", SetLastError = true)]
    private static extern unsafe int poll(PollEntry* entries, nuint count, int timeout);

    [DllImport("libc")]
    private static extern int kill(int pid, int signal);
}
