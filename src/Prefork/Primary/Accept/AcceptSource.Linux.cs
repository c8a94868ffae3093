using System.Net.Sockets;
using Prefork.Native;

namespace Prefork.Primary.Accept;

/// <summary>
/// The listening socket as its acceptor uses it. Out of descriptors (EMFILE, ENFILE and the like), or where it may not accept (EPERM), it rests for a while:
/// the backlog keeps the clients, and spinning would not free a descriptor.
/// </summary>
/// <remarks>Owns <paramref name="listener"/>, which does not block, until <see cref="Release"/>.</remarks>
internal sealed class AcceptSource(Socket listener, string name, IAcceptorEvents events)
{
    /// <summary>In milliseconds.</summary>
    internal const int Rest = 50;

    private long _restsUntil;

    /// <summary>For poll.</summary>
    internal int Number { get; } = (int)listener.Handle;

    internal bool IsResting(long now) => now < _restsUntil;

    internal int RestLeft(long now) => (int)(_restsUntil - now);

    /// <summary>The next connection, which is the caller's; false when there is none now.</summary>
    internal bool TryAccept(long now, out int connection)
    {
        while ((connection = Accept()) < 0)
        {
            var errno = Errno.Last;
            if (errno is Linux.EINTR or Linux.ECONNABORTED or Linux.EPROTO)
            {
                continue;
            }

            if (errno != Linux.EAGAIN)
            {
                TakeRest(errno, now);
            }

            return false;
        }

        return true;
    }

    /// <summary>Gives the socket away: it is not used here any more.</summary>
    internal Socket Release() => listener;

    private void TakeRest(int errno, long now)
    {
        _restsUntil = now + Rest;
        events.OnTrouble(this, Errno.Failed(errno, $"accept on {name}; clients wait in the backlog, and the next try is in {Rest} ms"));
    }

    private unsafe int Accept() => Libc.Accept4(Number, null, null, Linux.SOCK_CLOEXEC);
}
