using Prefork.Native;

namespace Prefork.Processes;

/// <summary>
/// A child by its pidfd (pidfd_open(2), and waitid(2) by it since Linux 5.4): readable when the child has ended, and a signal sent through it
/// can never reach another process that got the same pid. Nobody but <see cref="TryReap"/> reaps it, so the pid stays its own till then.
/// </summary>
internal sealed unsafe class ProcessHandle : IDisposable
{
    internal ProcessHandle(int pid)
    {
        Pid = pid;
        var descriptor = (int)Libc.PidfdOpen(Linux.SYS_pidfd_open, pid, 0);
        if (descriptor < 0)
        {
            var errno = Errno.Last;
            EndUnwatched(pid);
            throw Errno.Failed(errno, $"watch process {pid}, which was killed for that");
        }

        Descriptor = new FileDescriptor(descriptor);
    }

    private ProcessHandle(int pid, FileDescriptor descriptor)
    {
        Pid = pid;
        Descriptor = descriptor;
    }

    /// <summary>Of a process that is nobody's to reap here; null when there is none, or no descriptor for it.</summary>
    internal static ProcessHandle? Find(int pid)
    {
        var descriptor = (int)Libc.PidfdOpen(Linux.SYS_pidfd_open, pid, 0);
        return descriptor < 0 ? null : new ProcessHandle(pid, new FileDescriptor(descriptor));
    }

    internal int Pid { get; }

    internal FileDescriptor Descriptor { get; }

    /// <summary>In clock ticks since the machine's; see <see cref="ProcessEntry"/>. Read before anybody can have reaped it.</summary>
    internal long? StartTime { get; init; }

    /// <summary>Takes the exit from the kernel, once; false while the child runs.</summary>
    internal bool TryReap(out int? code, out Signal? signal)
    {
        code = null;
        signal = null;
        var info = default(SigInfo);
        int result;
        do
        {
            result = Libc.WaitId(Linux.P_PIDFD, (uint)Descriptor.Number, &info, Linux.WEXITED | Linux.WNOHANG);
        }
        while (result < 0 && Errno.Last == Linux.EINTR);

        if (result < 0)
        {
            // ECHILD: somebody else in this process waits for children that are not his, or ignores SIGCHLD. Dead it is.
            return Errno.Last == Linux.ECHILD;
        }

        if (info.Pid == 0)
        {
            return false;
        }

        if (info.Code == Linux.CLD_EXITED)
        {
            code = info.Status;
        }
        else
        {
            signal = (Signal)info.Status;
        }

        return true;
    }

    /// <summary>Sends a signal; false when the process has ended already.</summary>
    /// <exception cref="System.ComponentModel.Win32Exception">No permission, or no such signal.</exception>
    internal bool TrySignal(Signal signal)
    {
        var added = false;
        try
        {
            Descriptor.DangerousAddRef(ref added);
            if (Libc.PidfdSendSignal(Linux.SYS_pidfd_send_signal, Descriptor.Number, (int)signal, 0, 0) == 0)
            {
                return true;
            }

            return Errno.Last == Linux.ESRCH ? false : throw Errno.Failed(Errno.Last, $"send {signal} to process {Pid}");
        }
        catch (ObjectDisposedException)
        {
            return false;
        }
        finally
        {
            if (added)
            {
                Descriptor.DangerousRelease();
            }
        }
    }

    /// <summary>Kills it and waits for its end: nobody wants it any more. Not on a loop.</summary>
    internal void End()
    {
        EndUnwatched(Pid);
        Dispose();
    }

    /// <summary>A child that cannot be watched would never be reaped. Its pid is its own until it is.</summary>
    private static void EndUnwatched(int pid)
    {
        _ = Libc.Kill(pid, (int)Signal.SIGKILL);
        SigInfo info;
        while (Libc.WaitId(Linux.P_PID, (uint)pid, &info, Linux.WEXITED) < 0 && Errno.Last == Linux.EINTR)
        {
        }
    }

    public void Dispose() => Descriptor.Dispose();
}
