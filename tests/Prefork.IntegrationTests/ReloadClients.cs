namespace Prefork.IntegrationTests;

/// <summary>Clients that ask who serves them, one request after the other, and count what fails.</summary>
internal sealed class ReloadClients : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly int[] _served;
    private readonly int[] _failed;
    private readonly HashSet<int> _generations = [];
    private readonly Uri _address;
    private readonly Task _asking;

    private ReloadClients(Uri address, int count, bool keepAlive)
    {
        _address = new Uri(address, "/who");
        _served = new int[count];
        _failed = new int[count];
        _asking = Task.WhenAll(Enumerable.Range(0, count).Select(client => Task.Run(() => AskAsync(client, keepAlive))));
    }

    /// <summary>How many requests of each client have failed.</summary>
    internal int[] Failures => [.. Enumerable.Range(0, _failed.Length).Select(client => Volatile.Read(ref _failed[client]))];

    /// <summary>Which have served.</summary>
    internal int[] Generations
    {
        get
        {
            lock (_generations)
            {
                return [.. _generations.Order()];
            }
        }
    }

    /// <summary>Each has been served once.</summary>
    internal static async Task<ReloadClients> StartAsync(Uri address, int count, bool keepAlive)
    {
        var clients = new ReloadClients(address, count, keepAlive);
        await clients.ServeAsync(1);
        return clients;
    }

    /// <summary>Ends when each has been served so often more.</summary>
    internal async Task ServeAsync(int more)
    {
        var goal = _served.Select(served => served + more).ToArray();
        await Scheduling.EventuallyAsync(() => Task.FromResult(_served.Zip(goal).All(pair => pair.First >= pair.Second)));
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _asking;
        _stop.Dispose();
    }

    private async Task AskAsync(int client, bool keepAlive)
    {
        // One connection for each client; a request is not sent again.
        using var handler = new SocketsHttpHandler { MaxConnectionsPerServer = 1 };
        using var http = new HttpClient(handler) { Timeout = TestProgram.Patience };
        http.DefaultRequestHeaders.ConnectionClose = !keepAlive;
        while (!_stop.IsCancellationRequested)
        {
            try
            {
                var generation = int.Parse((await http.GetStringAsync(_address)).Split(' ')[2], System.Globalization.CultureInfo.InvariantCulture);
                lock (_generations)
                {
                    _generations.Add(generation);
                }

                Interlocked.Increment(ref _served[client]);
            }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException)
            {
                Interlocked.Increment(ref _failed[client]);
            }
        }
    }
}
