using System.Net;
using System.Net.Sockets;
using Prefork;
using Prefork.Native;

namespace ConformanceApp;

/// <summary>A primary or a worker whose other end is not the library but a test that reads and writes the bytes.</summary>
[NodeTest("wire")]
internal sealed class Wire : Scenario
{
    /// <summary>
    /// Forks as many as its first argument says of what gives its channel to the test (see <see cref="Relay"/>), in the serialisation of the second,
    /// then obeys its standard input.
    /// </summary>
    internal override async Task PrimaryAsync()
    {
        Cluster.SetupPrimary(settings => settings.Serialization = Enum.Parse<ChannelSerialization>(Arguments[1]));
        Cluster.Error += (_, e) => Console.Error.WriteLine(e.Exception);
        var left = int.Parse(Arguments[0], System.Globalization.CultureInfo.InvariantCulture);
        var workers = Enumerable.Range(0, left).Select(_ => Cluster.Fork()).ToList();
        Cluster.Exited += (_, _) =>
        {
            if (--left == 0)
            {
                Environment.Exit(0);
            }
        };
        var worker = workers[0];
        while (await Console.In.ReadLineAsync() is { } line)
        {
            switch (line.Split(' ')[0])
            {
                case "disconnect":
                    workers.ForEach(worker => worker.Disconnect());
                    break;
                case "pass":
                    using (var socket = await SocketAsync(line["pass ".Length..]))
                    {
                        await worker.SendAsync("a socket", socket);
                    }

                    break;
                case "send":
                    await worker.SendAsync(line["send ".Length..]);
                    break;
            }
        }
    }

    /// <summary>Obeys messages, one after the other.</summary>
    internal override async Task WorkerAsync()
    {
        var worker = Cluster.Worker!;
        Func<ValueTask> close = () => default;
        var orders = System.Threading.Channels.Channel.CreateUnbounded<string>();
        worker.MessageReceived += (_, e) => orders.Writer.TryWrite(e.Message.Get<string>()!);
        worker.Disconnected += (_, _) => orders.Writer.Complete();
        await foreach (var order in orders.Reader.ReadAllAsync())
        {
            var words = order.Split(' ');
            try
            {
                switch (words[0])
                {
                    case "port":
                        close = Serve(await Cluster.ListenAsync(int.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture), OptionsIn(words)));
                        break;
                    case "listen":
                        close = Serve(await Cluster.ListenAsync(IPEndPoint.Parse(words[1]), OptionsIn(words)));
                        break;
                    case "unix":
                        close = Serve(await Cluster.ListenAsync(new UnixDomainSocketEndPoint(words[1]), OptionsIn(words)));
                        break;
                    case "fd":
                        close = Serve(await Cluster.ListenAsync(new FileDescriptorEndPoint(int.Parse(words[1], System.Globalization.CultureInfo.InvariantCulture))));
                        break;
                    case "udp":
                        var socket = await Cluster.BindUdpAsync(IPEndPoint.Parse(words[1]), new UdpOptions { ReuseAddress = words.Contains("reuse"), IPv6Only = words.Contains("v6only") });
                        close = () =>
                        {
                            socket.Dispose();
                            return default;
                        };
                        break;
                    case "pass":
                        using (var passed = await SocketAsync(words[1]))
                        {
                            await worker.SendAsync("a socket", passed);
                        }

                        break;
                    case "close":
                        await close();
                        break;
                    case "disconnect":
                        worker.Disconnect();
                        break;
                    case "kill":
                        worker.Kill();
                        break;
                }
            }
            catch (SocketException exception)
            {
                await worker.SendAsync($"{exception.SocketErrorCode}");
            }
        }
    }

    /// <summary>A worker that never uses the library: hands its channel over, and stays until the test has closed the connection.</summary>
    internal static int Relay(string path)
    {
        using var test = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        test.Connect(new UnixDomainSocketEndPoint(path));
        using (var channel = new FileDescriptor(int.Parse(Environment.GetEnvironmentVariable("NODE_CHANNEL_FD")!, System.Globalization.CultureInfo.InvariantCulture)))
        {
            var id = (byte)int.Parse(Environment.GetEnvironmentVariable("NODE_UNIQUE_ID")!, System.Globalization.CultureInfo.InvariantCulture);
            Check.Equal(1, DescriptorMessage.Send((int)test.Handle, [id], [channel.Number]));
        }

        return test.Receive(new byte[1]);
    }

    private static ListenOptions OptionsIn(string[] words) => new()
    {
        IPv6Only = words.Contains("v6only"),
        ReadableAll = words.Contains("all"),
        WritableAll = words.Contains("all"),
        Backlog = words.Contains("short") ? 7 : new ListenOptions().Backlog,
    };

    private static async Task<Socket> SocketAsync(string kind)
    {
        if (kind == "datagrams")
        {
            return Net.Udp(Net.AnyPort);
        }

        var listener = Net.Listen(Net.AnyPort);
        if (kind == "listener")
        {
            return listener;
        }

        using (listener)
        {
            using var client = await Net.ConnectAsync(listener.LocalEndPoint!);
            return await listener.AcceptAsync();
        }
    }

    private static Func<ValueTask> Serve(ClusterListener listener)
    {
        _ = Net.ServeAsync(listener, async connection =>
        {
            await connection.SayAsync("hello");
            connection.Dispose();
        });
        return listener.DisposeAsync;
    }
}
