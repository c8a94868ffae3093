using Prefork.Native;

namespace Prefork.Worker.Intake;

/// <summary>Connections from a listening socket that all workers accept from.</summary>
internal sealed class SharedIntake(FileDescriptor listener, OpenConnections open, string name, Action onStopped)
    : DescriptorIntake(listener, open, name, onStopped)
{
    private long _until = long.MaxValue;

    /// <summary>
    /// Takes what waits in the backlog with it, for it may be the last one to accept; but not for ever, when that is never empty.
    /// </summary>
    internal override void Leave()
    {
        Volatile.Write(ref _until, Environment.TickCount64 + LeavePatience);
        base.Leave();
    }

    protected override unsafe int Receive()
    {
        while (true)
        {
            if (Environment.TickCount64 >= Volatile.Read(ref _until))
            {
                return AtEnd;
            }

            var connection = Libc.Accept4(Source, null, null, Linux.SOCK_CLOEXEC);
            if (connection >= 0)
            {
                return connection;
            }

            switch (Errno.Last)
            {
                case Linux.EINTR or Linux.ECONNABORTED or Linux.EPROTO:
                    continue;
                case Linux.EAGAIN:
                    return Nothing;
                case Linux.EPERM or Linux.EMFILE or Linux.ENFILE or Linux.ENOBUFS or Linux.ENOMEM:
                    return Exhausted;
                default:
                    // The socket does not listen any more.
                    return AtEnd;
            }
        }
    }

    /// <summary>When it has found the backlog empty, or nobody waits for a connection: what comes then is everybody's.</summary>
    protected override bool IsAtEnd() => true;
}
