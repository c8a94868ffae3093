namespace Prefork.AspNetCore.Transport;

/// <summary>
/// One callback on the loop, and the connection whose sending was put off until its end. Its thread ends it, or the watch, if the
/// callback takes too long: then nothing more is put off.
/// </summary>
internal sealed class CallbackFrame
{
    private ClusterConnection? _waiting;
    private volatile bool _open;

    internal void Begin() => _open = true;

    /// <summary>False: send now.</summary>
    internal bool TryPutOff(ClusterConnection connection)
    {
        if (!_open)
        {
            return false;
        }

        // A full fence: either the end sees the connection, or this sees the end.
        var before = Interlocked.Exchange(ref _waiting, connection);
        if (before is not null && before != connection)
        {
            before.Send();
        }

        return _open;
    }

    internal void End()
    {
        _open = false;
        Interlocked.Exchange(ref _waiting, null)?.Send();
    }
}
