using Prefork.Native;

namespace Prefork.Processes;

/// <summary>
/// SIGCHLD. A process that was started with it ignored (a shell's <c>trap '' CHLD</c>, some supervisors) loses the exits of its children: the kernel
/// throws them away.
/// </summary>
internal static unsafe class ChildSignal
{
    private const nint Ignored = 1;

    // Larger than struct sigaction on glibc (152 bytes) and musl, where the handler comes first.
    private const int ActionSize = 256;

    /// <summary>
    /// To be called before .NET starts its first child: its handler, once there, looks at what was before it, and if that was to ignore,
    /// takes the exits of all children, ours too. With the default before it, it takes those of its own.
    /// </summary>
    internal static void KeepExits()
    {
        var action = stackalloc byte[ActionSize];
        if (Libc.SigAction((int)Signal.SIGCHLD, null, action) == 0 && *(nint*)action == Ignored)
        {
            // SIG_DFL, no flags, an empty mask: all zero.
            new Span<byte>(action, ActionSize).Clear();
            _ = Libc.SigAction((int)Signal.SIGCHLD, action, null);
        }
    }
}
