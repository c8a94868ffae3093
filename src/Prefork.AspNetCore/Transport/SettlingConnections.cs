namespace Prefork.AspNetCore.Transport;

/// <summary>
/// Connections that are looked at once more after a moment. Most of those that bring one request are closed by then, and have been
/// spared what only the longer-lived need: a place in the epoll set, and a work item that cancels their token.
/// </summary>
internal sealed class SettlingConnections : IDisposable
{
    private const int Delay = 20;

    private readonly Lock _lock = new();
    private readonly Timer _timer;
    private List<ClusterConnection> _waiting = [];
    private List<ClusterConnection> _empty = [];
    private bool _armed;

    internal SettlingConnections() => _timer = new Timer(static self => ((SettlingConnections)self!).Settle(), this, Timeout.Infinite, Timeout.Infinite);

    internal void Add(ClusterConnection connection)
    {
        lock (_lock)
        {
            _waiting.Add(connection);
            if (!_armed)
            {
                _armed = true;
                _timer.Change(Delay, Timeout.Infinite);
            }
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Settle()
    {
        List<ClusterConnection> due;
        lock (_lock)
        {
            due = _waiting;
            _waiting = _empty;
            _empty = [];
            _armed = false;
        }

        foreach (var connection in due)
        {
            connection.Settle();
        }

        due.Clear();
        lock (_lock)
        {
            _empty = due;
        }
    }
}
