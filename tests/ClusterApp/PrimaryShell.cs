using System.Globalization;
using System.Net.Sockets;
using System.Text.Json;
using Prefork;

namespace ClusterApp;

/// <summary>The primary: one command to a line of standard input, one event to a line of standard output.</summary>
internal sealed class PrimaryShell
{
    private readonly Lock _output = new();
    private readonly CancelledRequests _cancelled;
    private readonly ManualResetEventSlim _goesOn = new();

    internal PrimaryShell() => _cancelled = new CancelledRequests(Say);

    internal async Task RunAsync()
    {
        if (Environment.GetEnvironmentVariable("THROWS") is not null)
        {
            Throwing.Begin(Say);
        }

        Cluster.SetUp += (_, _) => Say("setup");
        Cluster.Forked += (_, e) => Say($"fork {e.Worker.Id}");
        Cluster.Online += (_, e) => Say($"online {e.Worker.Id} {e.Worker.State}");
        Cluster.Ready += (_, e) => Say($"ready {e.Worker.Id}");
        Cluster.Listening += (_, e) => Say($"listening {e.Worker.Id} {e.Address.Address ?? "null"} {e.Address.Port} {e.Address.AddressType} {e.Worker.State}");
        if (Environment.GetEnvironmentVariable("LISTENING_BLOCKS") is not null)
        {
            Cluster.Listening += (_, _) => _goesOn.Wait();
        }

        Cluster.ListenFailed += (_, e) => Say($"listenfailed {e.Worker.Id} {e.Failure.Message}");
        Cluster.Disconnected += (_, e) => Say($"disconnect {e.Worker.Id} connected={e.Worker.IsConnected} asked={e.Worker.ExitedAfterDisconnect}");
        Cluster.Exited += (_, e) => Say($"exit {e.Worker.Id} code={e.Exit.Code} signal={e.Exit.Signal} asked={e.Exit.Asked} dead={e.Worker.IsDead} workers={Ids()}");
        Cluster.Error += (_, e) => Say($"error {e.Worker?.Id} {e.Exception.GetType().Name}: {e.Exception.Message.ReplaceLineEndings(" ")}");
        if (Environment.GetEnvironmentVariable("LISTEN_LATE") is null)
        {
            ListenForMessages();
        }

        Cluster.OnRequest<string, string>("double", (worker, text, _) => ValueTask.FromResult($"{worker.Id}:{text}{text}"));
        Cluster.OnRequest<string, string>("never", async (worker, _, cancellation) =>
        {
            using var registration = cancellation.Register(() => Say($"cancelled by {worker.Id}"));
            await Task.Delay(Timeout.Infinite, cancellation);
            return "";
        });
        Cluster.OnRequest<string, string>("pass", async (_, id, cancellation) => await Worker(id!).RequestAsync<string, string>("never", "", null, cancellation) ?? "");
        Say($"primary {Environment.ProcessId}");
        while (await Console.In.ReadLineAsync() is { } line)
        {
            try
            {
                if (!await ObeyAsync(line.Split(' ', 3)))
                {
                    return;
                }
            }
            catch (Exception exception)
            {
                Say($"threw {exception.GetType().Name}: {exception.Message.ReplaceLineEndings(" ")}");
            }
        }
    }

    private static string Ids() => string.Join(',', Cluster.Workers.Keys);

    private static WorkerProcess Worker(string id) => Cluster.Workers[int.Parse(id, CultureInfo.InvariantCulture)];

    private void ListenForMessages() => Cluster.MessageReceived += (_, e) =>
    {
        var worker = e.Worker;
        if (Values.TryEcho(e.Message, worker.SendValueAsync, worker.SendValueAsync, sample => worker.SendAsync(sample)))
        {
            return;
        }

        using var socket = Environment.GetEnvironmentVariable("IGNORES_SOCKETS") is null ? e.Message.TakeSocket() : null;
        if (socket is not null && e.Message.Get<string>() == BlockingSockets.Message)
        {
            Say($"sync 0 taken {BlockingSockets.Use(socket)}");
            return;
        }

        Say($"message {e.Worker.Id} {e.Message.Get<string>()}{(socket is null ? "" : $" +socket {Greet(socket)}")}");
    };

    private static string Greet(Socket socket)
    {
        if (socket.SocketType == SocketType.Stream && socket.Connected)
        {
            socket.Blocking = true;
            socket.Send("from the primary\n"u8);
        }

        return $"{socket.SocketType} {socket.LocalEndPoint}";
    }

    private async Task<bool> ObeyAsync(string[] words)
    {
        switch (words[0])
        {
            case "quit":
                return false;
            case "policy":
                Cluster.SchedulingPolicy = words[1] switch
                {
                    "rr" => SchedulingPolicy.RoundRobin,
                    "none" => SchedulingPolicy.Shared,
                    "least" => SchedulingPolicy.LeastConnections,
                    "last" => SchedulingPolicy.Create("last", static () => new LastSelector()),
                    _ => SchedulingPolicy.Create("bad", static () => new BadSelector()),
                };
                Say($"policy {Cluster.SchedulingPolicy}");
                break;
            case "setup":
                Cluster.SetupPrimary(settings => Settings.Apply(settings, words[1..]));
                break;
            case "fork":
                var worker = Cluster.Fork(words.Skip(1).SelectMany(words => words.Split(' ')).Select(word => word.Split('=', 2)).ToDictionary(pair => pair[0], string? (pair) => pair[1]));
                Say($"forked {worker.Id} {worker.Process.Id} connected={worker.IsConnected} dead={worker.IsDead}");
                if (worker.Process.StandardOutput is { } output)
                {
                    _ = ReadAsync(worker.Id, output);
                }

                break;
            case "send":
                await Worker(words[1]).SendAsync(words[2]);
                break;
            case "sendlong":
                await Worker(words[1]).SendAsync($"length {new string('x', int.Parse(words[2], CultureInfo.InvariantCulture))}");
                break;
            case "senddeep":
                var depth = int.Parse(words[2], CultureInfo.InvariantCulture);
                using (var deep = JsonDocument.Parse($"{new string('[', depth)}{new string(']', depth)}", new JsonDocumentOptions { MaxDepth = depth }))
                {
                    await Worker(words[1]).SendAsync(deep.RootElement, ElementContext.Default.JsonElement);
                }

                break;
            case "sync":
                Say($"sync 0 {await BlockingSockets.PassAsync(words[2], socket => Worker(words[1]).SendAsync(BlockingSockets.Message, socket))}");
                break;
            case "exitorder":
                await ExitOrderAsync();
                break;
            case "goon":
                _goesOn.Set();
                break;
            case "sendvalue":
                await Worker(words[1]).SendValueAsync(Values.Example(words[2]));
                break;
            case "sendmany":
                for (var i = 0; i < int.Parse(words[2], CultureInfo.InvariantCulture); i++)
                {
                    await Worker(words[1]).SendAsync($"count {i}");
                }

                Say("sent");
                break;
            case "sendbad":
                await Worker(words[1]).SendAsync(new Loop());
                break;
            case "sendsocket":
                await SendSocketAsync(Worker(words[1]), words[2]);
                break;
            case "trysend":
                await SendToGoneAsync(words[1]);
                break;
            case "hold":
                _held[words[1]] = Worker(words[1]);
                Say("held");
                break;
            case "untilready":
                await UntilReadyAsync(Worker(words[1]));
                break;
            case "request":
                await RequestAsync(Worker(words[1]), words[2].Split(' ', 3));
                break;
            case "ask":
                _ = _cancelled.AskAsync(token => Worker(words[1]).RequestAsync<string, string>(words[2].Split(' ')[0], words[2].Split(' ')[1], null, token));
                break;
            case "giveup":
                _cancelled.Cancel();
                break;
            case "askmany":
                await _cancelled.AskManyAsync(int.Parse(words[2], CultureInfo.InvariantCulture), token => Worker(words[1]).RequestAsync<string, string>("quietly", "x", null, token));
                break;
            case "flood":
                await _cancelled.FloodAsync(int.Parse(words[2], CultureInfo.InvariantCulture), token => Worker(words[1]).RequestAsync<string, string>("quietly", "x", null, token));
                break;
            case "race":
                await _cancelled.RaceAsync(int.Parse(words[2], CultureInfo.InvariantCulture), token => Worker(words[1]).RequestAsync<string, string>("soon", "x", null, token));
                break;
            case "requests":
                _cancelled.Count(Worker(words[1]));
                break;
            case "broadcast":
                await Cluster.BroadcastAsync(string.Join(' ', words[1..]));
                break;
            case "listenformessages":
                ListenForMessages();
                break;
            case "disconnect":
                Worker(words[1]).Disconnect();
                break;
            case "disconnectall":
                _ = DisconnectAllAsync();
                break;
            case "kill":
                Say($"killed {Worker(words[1]).Kill(Enum.Parse<Signal>(words[2]))}");
                break;
            case "share":
                RotationCommands.SetShare(Worker(words[1]), words[2]);
                break;
            case "probe":
                await RotationCommands.ProbeAsync(Worker(words[1]), Say);
                break;
            case "ping":
                Say($"ping {words[1]} {await RotationCommands.PingAsync(Worker(words[1]), words[2])}");
                break;
            case "state":
                var asked = Worker(words[1]);
                Say($"state {asked.Id} {asked.State} connected={asked.IsConnected} dead={asked.IsDead} asked={asked.ExitedAfterDisconnect}");
                break;
            case "workers":
                Say($"workers {Ids()}");
                break;
            case "settings":
                var settings = Cluster.Settings;
                Say($"settings {JsonSerializer.Serialize(new { settings.Exec, settings.Arguments, settings.Silent, settings.WorkingDirectory })}");
                break;
            case "fds":
                GC.Collect();
                GC.WaitForPendingFinalizers();
                Say($"fds {OpenDescriptors.Of(Environment.ProcessId).Length}");
                break;
            case "exhaust":
                Descriptors.Exhaust();
                Say("exhausted");
                break;
            case "release":
                Descriptors.Release();
                break;
            case "churn":
                await ChurnAsync(int.Parse(words[1], CultureInfo.InvariantCulture));
                break;
            case "live":
                await new Lives(words[2]).RunAsync(int.Parse(words[1], CultureInfo.InvariantCulture));
                Say($"lived {words[1]}");
                break;
            case "throw":
                new Thread(() => throw new InvalidOperationException("a primary that crashes")).Start();
                break;
            case "spawn":
                Say($"spawned {Children.Start(words[1], words[2])}");
                break;
            case "shutdown":
                _ = ShutDownAsync(new CancellationToken(canceled: words is [_, "now"]));
                break;
            case "openfd":
                var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
                socket.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
                _kept.Add(socket);
                if (words is not [_, "keep"])
                {
                    _ = Cluster.OfferSocket(socket);
                }

                Say($"openfd {socket.Handle} {socket.LocalEndPoint}");
                break;
            case "listen":
                _ = new WorkerListener(Say).ListenAsync(words[1], words[2]);
                break;
            default:
                throw new ArgumentException($"no command {words[0]}");
        }

        return true;
    }

    private readonly List<Socket> _kept = [];

    private readonly Dictionary<string, WorkerProcess> _held = [];

    private async Task SendToGoneAsync(string id)
    {
        try
        {
            await _held[id].SendAsync("are you there");
            Say("sent");
        }
        catch (ClusterChannelClosedException)
        {
            Say("refused ClusterChannelClosedException");
        }
    }

    private static async Task SendSocketAsync(WorkerProcess worker, string kind)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
        listener.Listen();
        switch (kind)
        {
            case "listening":
                await worker.SendAsync("here is a socket", listener);
                break;
            case "connected":
                using (var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
                {
                    await client.ConnectAsync(listener.LocalEndPoint!);
                    using var server = await listener.AcceptAsync();
                    await worker.SendAsync("here is a socket", server);
                    server.Dispose();
                    var buffer = new byte[64];
                    var count = await client.ReceiveAsync(buffer);
                    Console.WriteLine($"heard {System.Text.Encoding.UTF8.GetString(buffer, 0, count).Trim()}");
                }

                break;
            case "udp":
                using (var udp = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp))
                {
                    udp.Bind(new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, 0));
                    await worker.SendAsync("here is a socket", udp);
                }

                break;
        }
    }

    private async Task RequestAsync(WorkerProcess worker, string[] words)
    {
        try
        {
            var timeout = words.Length > 2 ? TimeSpan.FromMilliseconds(int.Parse(words[2], CultureInfo.InvariantCulture)) : (TimeSpan?)null;
            Say($"reply {await worker.RequestAsync<string, string>(words[0], words[1], timeout)}");
        }
        catch (Exception exception)
        {
            Say($"failed {exception.GetType().Name}: {exception.Message}");
        }
    }

    /// <summary>A worker is online before its program has said what it answers.</summary>
    private async Task UntilReadyAsync(WorkerProcess worker)
    {
        while (true)
        {
            try
            {
                await worker.RequestAsync<string, string>("ready", "");
                Say($"ready {worker.Id}");
                return;
            }
            catch (ClusterRequestException)
            {
                await Task.Yield();
            }
        }
    }

    private async Task DisconnectAllAsync()
    {
        await Cluster.DisconnectAsync();
        Say($"alldisconnected workers={Ids()}");
    }

    private async Task ShutDownAsync(CancellationToken now)
    {
        var shutdown = Cluster.WaitForShutdownAsync(now);
        Say("waiting");
        await shutdown;
        Say("shutdown");
        Environment.Exit(0);
    }

    /// <summary>Rounds of fork, online, kill or disconnect, exit.</summary>
    private async Task ChurnAsync(int rounds)
    {
        for (var i = 0; i < rounds; i++)
        {
            var worker = Cluster.Fork(new Dictionary<string, string?> { ["WORKER_KIND"] = "hostile", ["HOSTILE"] = "wait" });
            if (i % 2 == 0)
            {
                worker.Kill(Signal.SIGKILL);
            }
            else
            {
                worker.Disconnect();
                worker.Kill();
            }

            await worker.WaitForExitAsync();
        }

        Say($"churned {rounds}");
    }

    /// <summary>Which is first: the end of the wait, or that of a handler that takes its time.</summary>
    private async Task ExitOrderAsync()
    {
        var handled = 0;
        var worker = Cluster.Fork(new Dictionary<string, string?> { ["WORKER_KIND"] = "hostile", ["HOSTILE"] = "wait" });
        void OnExit(object? sender, WorkerExitedEventArgs e)
        {
            Thread.SpinWait(2_000_000);
            handled++;
        }

        worker.Exited += OnExit;
        Cluster.Exited += OnExit;
        worker.Kill(Signal.SIGKILL);
        await worker.WaitForExitAsync();
        Cluster.Exited -= OnExit;
        Say($"exitorder {handled}");
    }

    private async Task ReadAsync(int id, Stream output)
    {
        using var reader = new StreamReader(output);
        while (await reader.ReadLineAsync() is { } line)
        {
            Say($"stdout {id} {line}");
        }
    }

    private void Say(string line)
    {
        lock (_output)
        {
            Console.WriteLine(line);
        }
    }

    private sealed class Loop
    {
        public Loop Me => this;
    }

    private sealed class LastSelector : IWorkerSelector
    {
        public int Select(ReadOnlySpan<WorkerLoad> candidates) => candidates.Length - 1;
    }

    private sealed class BadSelector : IWorkerSelector
    {
        public int Select(ReadOnlySpan<WorkerLoad> candidates) => throw new InvalidOperationException("a policy that throws");
    }
}
