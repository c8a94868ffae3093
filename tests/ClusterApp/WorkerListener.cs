using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Prefork;

namespace ClusterApp;

/// <summary>Listeners of a process: each connection is told who has it, then echoed to its end.</summary>
internal sealed class WorkerListener(Action<string> say)
{
    private readonly ConcurrentDictionary<string, ClusterListener> _listeners = new();
    private int _served;

    internal int Served => Volatile.Read(ref _served);

    /// <summary>endpoint [exclusive] [v6only] [backlog=n] [noaccept] [readable] [writable] [remove], which removes its path first, as programs do that know of no cluster</summary>
    internal async Task ListenAsync(string name, string what)
    {
        var words = what.Split(' ');
        var options = new ListenOptions
        {
            Exclusive = words.Contains("exclusive"),
            IPv6Only = words.Contains("v6only"),
            ReadableAll = words.Contains("readable"),
            WritableAll = words.Contains("writable"),
        };
        if (words.FirstOrDefault(word => word.StartsWith("backlog=", StringComparison.Ordinal)) is { } backlog)
        {
            options.Backlog = int.Parse(backlog["backlog=".Length..], System.Globalization.CultureInfo.InvariantCulture);
        }

        if (words.Contains("remove"))
        {
            File.Delete(words[0]["unix:".Length..]);
        }

        try
        {
            var listener = words[0].StartsWith("port:", StringComparison.Ordinal)
                ? await Cluster.ListenAsync(int.Parse(words[0]["port:".Length..], System.Globalization.CultureInfo.InvariantCulture), options)
                : await Cluster.ListenAsync(EndPoints.Parse(words[0]), options);
            _listeners[name] = listener;
            say($"listens {name} {listener.LocalEndPoint}");
            if (!words.Contains("noaccept"))
            {
                await AcceptAsync(name, listener);
            }
        }
        catch (Exception exception)
        {
            say($"cannot {name} {(exception as SocketException)?.SocketErrorCode} {exception.GetType().Name}: {exception.Message}");
        }
    }

    /// <param name="name">The listener's.</param>
    /// <param name="pause">How long the thread that accepts is kept from it after each one.</param>
    internal void Accept(string name, TimeSpan pause = default) => _ = AcceptAsync(name, _listeners[name], pause);

    internal void Stop(string name) => _listeners[name].Stop();

    internal async Task DisposeAsync(string name) => await _listeners[name].DisposeAsync();

    private async Task AcceptAsync(string name, ClusterListener listener, TimeSpan pause = default)
    {
        // Goes on where it is accepted, so that the next one is wanted at once.
        while (await listener.AcceptAsync().ConfigureAwait(false) is { } connection)
        {
            Interlocked.Increment(ref _served);
            _ = Task.Run(() => ServeAsync(connection));
            if (Thread.CurrentThread.Name?.StartsWith("prefork intake", StringComparison.Ordinal) ?? false)
            {
                // Another thread goes on when a connection is there at once.
                Thread.Sleep(pause);
            }
        }

        say($"ended {name}");
    }

    private static async Task ServeAsync(Socket connection)
    {
        await using var stream = new NetworkStream(connection, ownsSocket: true);
        try
        {
            await stream.WriteAsync(Encoding.UTF8.GetBytes($"{Cluster.Worker?.Id ?? 0} {Environment.ProcessId}\n"));
            await stream.CopyToAsync(stream);
        }
        catch (IOException)
        {
            // The client went away.
        }
    }
}

internal static class EndPoints
{
    internal static EndPoint Parse(string text) => text switch
    {
        _ when text.StartsWith("unix:", StringComparison.Ordinal) => new UnixDomainSocketEndPoint(text["unix:".Length..].Replace('@', '\0')),
        _ when text.StartsWith("fd:", StringComparison.Ordinal) => new FileDescriptorEndPoint(int.Parse(text["fd:".Length..], System.Globalization.CultureInfo.InvariantCulture)),
        _ when text.StartsWith("host:", StringComparison.Ordinal) => new DnsEndPoint(text.Split(':')[1], int.Parse(text.Split(':')[2], System.Globalization.CultureInfo.InvariantCulture)),
        _ => IPEndPoint.Parse(text),
    };
}
