namespace Prefork.AspNetCore.Transport;

/// <summary>
/// New connections that have flushed and not sent. Nearly always the rest of the answer, and then the end or the next read, follow at
/// once and send everything as one; for those where nothing follows, the watch sends at its next look.
/// </summary>
internal sealed class PutOffSends
{
    private readonly Lock _lock = new();
    private List<ClusterConnection> _waiting = [];
    private List<ClusterConnection> _looked = [];

    internal bool IsEmpty
    {
        get
        {
            lock (_lock)
            {
                return _waiting.Count == 0;
            }
        }
    }

    internal void Add(ClusterConnection connection)
    {
        lock (_lock)
        {
            _waiting.Add(connection);
        }
    }

    /// <summary>On the watch alone.</summary>
    internal void SendAll()
    {
        lock (_lock)
        {
            (_waiting, _looked) = (_looked, _waiting);
        }

        foreach (var connection in _looked)
        {
            connection.SendPutOff();
        }

        _looked.Clear();
    }
}
