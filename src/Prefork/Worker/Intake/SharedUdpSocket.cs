using System.Net.Sockets;

namespace Prefork.Worker.Intake;

/// <summary>A UDP socket that workers share; the primary hears when this worker closes it.</summary>
internal sealed class SharedUdpSocket(SafeSocketHandle handle, Action onClosed) : Socket(handle)
{
    private Action? _onClosed = onClosed;

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        Interlocked.Exchange(ref _onClosed, null)?.Invoke();
    }
}
