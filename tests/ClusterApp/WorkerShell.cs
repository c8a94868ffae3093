using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Prefork;

namespace ClusterApp;

/// <summary>The worker: obeys messages, answers by messages.</summary>
internal sealed class WorkerShell
{
    private readonly ClusterWorker _worker = Cluster.Worker!;
    private readonly WorkerListener _listener;
    private readonly WorkerLeading _leading;
    private readonly List<Socket> _sockets = [];
    private int _counted;
    private Task _receiving = Task.CompletedTask;

    private readonly CancelledRequests _cancelled;

    internal WorkerShell()
    {
        _listener = new WorkerListener(Say);
        _leading = new WorkerLeading(_worker, Say);
        _cancelled = new CancelledRequests(Say);
    }

    internal async Task RunAsync()
    {
        // First: what comes after them lets the program go on to its end.
        if (Environment.GetEnvironmentVariable("EXITS_LATE") is not null)
        {
            _worker.Disconnected += async (_, _) =>
            {
                await Task.Yield();
                Environment.Exit(42);
            };
        }

        if (Environment.GetEnvironmentVariable("EXITS_AT_ONCE") is not null)
        {
            _worker.Disconnected += (_, _) => Environment.Exit(43);
        }

        var ended = new TaskCompletionSource();
        _worker.Disconnected += (_, _) =>
        {
            if (Environment.GetEnvironmentVariable("STAY") is null)
            {
                ended.TrySetResult();
            }
        };
        if (Environment.GetEnvironmentVariable("HANG") is not null)
        {
            _worker.Disconnected += (_, _) => Thread.Sleep(Timeout.Infinite);
            AppDomain.CurrentDomain.ProcessExit += (_, _) => Thread.Sleep(Timeout.Infinite);
        }

        if (Environment.GetEnvironmentVariable("THROWS") is not null)
        {
            Throwing.Begin(Say);
        }

        _worker.Error += (_, e) => Console.WriteLine($"worker {_worker.Id} error {e.Exception.GetType().Name}: {e.Exception.Message}");
        _worker.OnRequest<string, string>("shout", (text, _) => ValueTask.FromResult(text!.ToUpperInvariant()));
        _worker.OnRequest<string, string>("fail", (_, _) => throw new InvalidOperationException("this handler fails"));
        _worker.OnRequest<string, string>("repeat", (count, _) => ValueTask.FromResult(new string('x', int.Parse(count!, CultureInfo.InvariantCulture))));
        _worker.OnRequest<string, string>("soon", async (text, _) =>
        {
            await Task.Yield();
            return text!;
        });
        _worker.OnRequest<string, string>("quietly", async (_, cancellation) =>
        {
            await Task.Delay(Timeout.Infinite, cancellation);
            return "";
        });
        _worker.OnRequest<string, string>("never", async (_, cancellation) =>
        {
            Say("asked never");
            try
            {
                await Task.Delay(Timeout.Infinite, cancellation);
            }
            catch (OperationCanceledException)
            {
                Say("cancelled");
                throw;
            }

            return "";
        });
        _worker.OnRequest<string, string>("ready", (_, _) => ValueTask.FromResult(""));
        _worker.MessageReceived += (_, e) => Obey(e.Message);
        _worker.Leaving.Register(() => Say("leaving"));
        await ended.Task;
        await _receiving;
    }

    private void Obey(ClusterMessage message)
    {
        if (message.From is { } from)
        {
            Say($"from {from}: {TextOf(message)}");
            return;
        }

        if (Values.TryEcho(message, _worker.SendValueAsync, _worker.SendValueAsync, sample => _worker.SendAsync(sample)))
        {
            return;
        }

        var text = message.Get<string>()!;

        if (message.TakeSocket() is { } socket)
        {
            _sockets.Add(socket);
            if (text == BlockingSockets.Message)
            {
                Say($"sync taken {BlockingSockets.Use(socket)}");
                return;
            }

            if (socket is { SocketType: SocketType.Stream, Connected: true })
            {
                socket.Blocking = true;
                socket.Send(Encoding.UTF8.GetBytes($"from worker {_worker.Id}\n"));
            }

            Say($"got {socket.SocketType} connected={socket.Connected}");
            socket.Dispose();
            return;
        }

        _ = ObeyAsync(text.Split(' ', 3));
    }

    /// <summary>From another worker anything may come.</summary>
    private static string TextOf(ClusterMessage message)
    {
        try
        {
            var text = message.Get<string>()!;
            return text[..Math.Min(text.Length, 200)];
        }
        catch (JsonException)
        {
            return "no text";
        }
    }

    private async Task ObeyAsync(string[] words)
    {
        switch (words[0])
        {
            case "say":
                Say(string.Join(' ', words[1..]));
                break;
            case "count":
                if (int.Parse(words[1], CultureInfo.InvariantCulture) != _counted++)
                {
                    Say($"out of order at {_counted}");
                }

                break;
            case "counted":
                Say($"counted {_counted}");
                break;
            case "listen":
                await _listener.ListenAsync(words[1], words[2]);
                break;
            case "accept":
                _listener.Accept(words[1]);
                break;
            case "acceptslowly":
                _listener.Accept(words[1], TimeSpan.FromMilliseconds(250));
                break;
            case "stop":
                _listener.Stop(words[1]);
                break;
            case "dispose":
                await _listener.DisposeAsync(words[1]);
                Say($"disposed {words[1]}");
                break;
            case "served":
                Say($"served {_listener.Served}");
                break;
            case "udp":
                await BindUdpAsync(words);
                break;
            case "exit":
                Environment.Exit(int.Parse(words[1], CultureInfo.InvariantCulture));
                break;
            case "throw":
                new Thread(() => throw new InvalidOperationException("a worker that crashes")).Start();
                break;
            case "failfast":
                Environment.FailFast("a worker that fails fast");
                break;
            case "segv":
                memset(1, 0, 1);
                break;
            case "signal":
                _ = kill(Environment.ProcessId, (int)Enum.Parse<Signal>(words[1]));
                break;
            case "disconnect":
                _worker.Disconnect();
                break;
            case "kill":
                _worker.Kill();
                break;
            case "stay":
                _worker.ExitOnDisconnect = false;
                Say("stays");
                break;
            case "closechannel":
                _worker.ExitOnDisconnect = false;
                Lies.CloseChannel();
                break;
            case "blockpool":
                ThreadPool.SetMinThreads(1, 1);
                ThreadPool.SetMaxThreads(Environment.ProcessorCount, Environment.ProcessorCount);
                for (var i = 0; i < 2 * Environment.ProcessorCount; i++)
                {
                    ThreadPool.UnsafeQueueUserWorkItem(static _ => Thread.Sleep(Timeout.Infinite), null);
                }

                Say("blocked");
                break;
            case "block":
                Thread.Sleep(int.Parse(words[1], CultureInfo.InvariantCulture));
                break;
            case "threads":
                var threads = Enumerable.Range(0, int.Parse(words[1], CultureInfo.InvariantCulture)).Select(_ => new Thread(() => { })).ToList();
                threads.ForEach(thread => thread.Start());
                threads.ForEach(thread => thread.Join());
                Say($"threads {words[1]}");
                break;
            case "spawn":
                Say($"spawned {Children.Start(words[1], words[2])}");
                break;
            case "env":
                Say($"env {words[1]}={Environment.GetEnvironmentVariable(words[1])}");
                break;
            case "poolspins":
                Say($"poolspins {PoolSpins()}");
                break;
            case "where":
                Say($"where {Environment.CurrentDirectory} {string.Join(',', Environment.GetCommandLineArgs()[1..])} {Environment.ProcessPath}");
                break;
            case "stdout":
                Console.WriteLine(words[1]);
                break;
            case "sendto":
                await SendToAsync(words[1], words[2]);
                break;
            case "commandto":
                await SendToAsync(words[1], new { cmd = words[2] });
                break;
            case "ask":
                try
                {
                    Say($"answer {await _worker.RequestAsync<string, string>(words[1], words[2])}");
                }
                catch (ClusterRequestException exception)
                {
                    Say($"no answer: {exception.Message}");
                }

                break;
            case "askfor":
                await _cancelled.AskAsync(token => _worker.RequestAsync<string, string>(words[1], words[2], null, token));
                break;
            case "giveup":
                _cancelled.Cancel();
                break;
            case "requests":
                _cancelled.Count(_worker);
                break;
            case "sendsocket":
                await SendSocketAsync();
                break;
            case "big":
                await _worker.SendAsync(new string('x', int.Parse(words[1], CultureInfo.InvariantCulture)));
                break;
            case "sync":
                Say($"sync {await BlockingSockets.PassAsync(words[1], socket => _worker.SendAsync(BlockingSockets.Message, socket))}");
                break;
            case "syncgiven":
                Say($"sync {await BlockingSockets.GetAsync(words[1])}");
                break;
            case "sendtwice":
                await SendSocketAsync(twice: true);
                break;
            case "udpleaving":
                await (_receiving = ReceiveUntilLeavingAsync(words[1]));
                break;
            case "trybig":
                try
                {
                    await _worker.SendAsync(new string('x', int.Parse(words[1], CultureInfo.InvariantCulture)));
                }
                catch (ArgumentException exception)
                {
                    Say($"refused {exception.GetType().Name}: {exception.Message}");
                }

                break;
            case "exhaust":
                Descriptors.Exhaust();
                break;
            case "release":
                Descriptors.Release();
                break;
            case "length":
                Say($"length {words[1].Length}");
                break;
            case "shutlanes":
                Say($"shut {Lies.ShutLanesDown()}");
                break;
            case "writelanes":
                Say($"written {Lies.WriteToLanes()}");
                break;
            case "pidfds":
                Say($"pidfds {Lies.AskForPidfds()}");
                break;
            case "lie":
                Lies.OnScoreboard(long.Parse(words[1], CultureInfo.InvariantCulture));
                break;
            default:
                await _leading.ObeyAsync(words);
                break;
        }
    }

    private async Task BindUdpAsync(string[] words)
    {
        try
        {
            var socket = await Cluster.BindUdpAsync(IPEndPoint.Parse(words[1]), new UdpOptions { ReuseAddress = words.Length > 2 });
            Say($"binds {socket.LocalEndPoint}");
            _sockets.Add(socket);
            var buffer = new byte[1500];
            while (true)
            {
                var received = await socket.ReceiveFromAsync(buffer, new IPEndPoint(socket.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0));
                await socket.SendToAsync(Encoding.UTF8.GetBytes($"{_worker.Id}"), received.RemoteEndPoint);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            Say($"udp ended {exception.GetType().Name} {(exception as SocketException)?.SocketErrorCode}");
        }
    }

    private async Task SendToAsync<T>(string worker, T message)
    {
        try
        {
            await _worker.SendToAsync(int.Parse(worker, CultureInfo.InvariantCulture), message);
            Say("relayed");
        }
        catch (ClusterRequestException exception)
        {
            Say($"not relayed: {exception.Message}");
        }
    }

    /// <summary>The loop that the documentation shows.</summary>
    private async Task ReceiveUntilLeavingAsync(string endPoint)
    {
        using var socket = await Cluster.BindUdpAsync(IPEndPoint.Parse(endPoint));
        Say($"binds {socket.LocalEndPoint}");
        try
        {
            await socket.ReceiveFromAsync(new byte[1500], new IPEndPoint(IPAddress.Any, 0), _worker.Leaving);
        }
        catch (Exception exception)
        {
            Say($"udp ended {exception.GetType().Name}");
        }
    }

    private async Task SendSocketAsync(bool twice = false)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await client.ConnectAsync(listener.LocalEndPoint!);
        var server = await listener.AcceptAsync();
        await _worker.SendAsync("a socket", server);
        if (twice)
        {
            await _worker.SendAsync("the same", server);
        }

        server.Dispose();
        var buffer = new byte[64];
        var count = await client.ReceiveAsync(buffer);
        Say($"heard {Encoding.UTF8.GetString(buffer, 0, count).Trim()}");
    }

    private void Say(string text)
    {
        try
        {
            _worker.SendAsync(text).AsTask().GetAwaiter().GetResult();
        }
        catch (ClusterChannelClosedException)
        {
            Console.WriteLine($"worker {_worker.Id} could not say: {text}");
        }
    }

    [DllImport("libc")]
    private static extern nint memset(nint address, int value, nint length);

    [DllImport("libc")]
    private static extern int kill(int pid, int signal);

    /// <summary>How often an idle thread of the pool spins. .NET says it nowhere.</summary>
    private static object? PoolSpins()
    {
        const BindingFlags Private = BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance;
        var semaphore = Type.GetType("System.Threading.PortableThreadPool+WorkerThread")!.GetField("s_semaphore", Private)!.GetValue(null)!;
        return semaphore.GetType().GetField("_spinCount", Private)!.GetValue(semaphore);
    }
}
