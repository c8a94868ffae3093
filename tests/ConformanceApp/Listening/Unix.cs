using System.Net.Sockets;
using Prefork;

namespace ConformanceApp.Listening;

/// <summary>A path that all may read and write is one for all.</summary>
[NodeTest("test-cluster-listen-pipe-readable-writable")]
internal sealed class PipeReadableWritable : Scenario
{
    internal override async Task PrimaryAsync()
    {
        using var folder = new TemporaryFolder();
        var worker = Cluster.Fork(new Dictionary<string, string?> { ["PIPE"] = folder.File("all") });
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        await Must.AllAsync();
    }

    internal override async Task WorkerAsync()
    {
        var path = Environment.GetEnvironmentVariable("PIPE")!;
        var options = new ListenOptions { ReadableAll = true, WritableAll = true };
        await using (await Cluster.ListenAsync(new UnixDomainSocketEndPoint(path), options))
        {
            const UnixFileMode All = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.GroupWrite
                | UnixFileMode.OtherRead | UnixFileMode.OtherWrite;
            Check.Equal(All, File.GetUnixFileMode(path) & All);
        }

        Cluster.Worker!.Disconnect();
        await base.WorkerAsync();
    }
}

/// <summary>A relative path is the worker's; a long one works all the same; the file goes with the last worker.</summary>
[NodeTest("test-cluster-net-listen-relative-path")]
internal sealed class RelativePath : Scenario
{
    private const string Name = "relative.sock";

    internal override async Task PrimaryAsync()
    {
        using var folder = new TemporaryFolder();

        // Longer than a Unix address may be, so that only a path relative to it does.
        var deep = Directory.CreateDirectory(folder.File(new string('x', 100))).FullName;
        Environment.CurrentDirectory = deep;
        var worker = Cluster.Fork();
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        var address = await worker.WaitForListeningAsync().WithinPatience();
        Check.Equal(Path.Combine(deep, Name), address.Address);
        Check.True(File.Exists(Path.Combine(deep, Name)));
        await worker.SendAsync("end");
        await Must.AllAsync();
        Check.True(!File.Exists(Path.Combine(deep, Name)));
        Environment.CurrentDirectory = "/";
    }

    internal override async Task WorkerAsync()
    {
        Cluster.Worker!.MessageReceived += Must.Handle<ClusterMessageEventArgs>("message", _ => Cluster.Worker.Disconnect());
        await using var listener = await Cluster.ListenAsync(new UnixDomainSocketEndPoint(Name));
        await base.WorkerAsync();
    }
}

/// <summary>Ten connections and three workers, which take none, one and nine: none is lost, and nobody has more than it wants.</summary>
[NodeTest("test-cluster-net-server-drop-connection")]
internal sealed class DropConnection : Scenario
{
    private const int Connections = 10;

    internal override async Task PrimaryAsync()
    {
        Cluster.SchedulingPolicy = SchedulingPolicy.RoundRobin;
        Cluster.SetupPrimary(settings => settings.HandoffTimeout = TimeSpan.FromMilliseconds(50));
        using var folder = new TemporaryFolder();
        var path = folder.File("limited");
        int[] limits = [0, 1, 9];
        var taken = Must.Call("connection", Connections);
        foreach (var limit in limits)
        {
            var worker = Cluster.Fork(new Dictionary<string, string?> { ["LIMIT"] = $"{limit}", ["PIPE"] = path });
            var connections = Must.Call($"connection of the worker that takes {limit}", limit);
            worker.MessageReceived += (_, _) =>
            {
                connections.Hit();
                taken.Hit();
            };
            await worker.WaitForListeningAsync().WithinPatience();
        }

        var clients = new List<Socket>();
        for (var i = 0; i < Connections; i++)
        {
            clients.Add(await Net.ConnectAsync(new UnixDomainSocketEndPoint(path)));
        }

        await taken.Done.WithinPatience();
        clients.ForEach(client => client.Dispose());
        await Cluster.DisconnectAsync().WithinPatience();
    }

    internal override async Task WorkerAsync()
    {
        var limit = int.Parse(Environment.GetEnvironmentVariable("LIMIT")!, System.Globalization.CultureInfo.InvariantCulture);
        await using var listener = await Cluster.ListenAsync(new UnixDomainSocketEndPoint(Environment.GetEnvironmentVariable("PIPE")!));
        for (var i = 0; i < limit; i++)
        {
            var connection = (await listener.AcceptAsync())!;
            await Cluster.Worker!.SendAsync("connection");
            _ = connection.HearToEndAsync().ContinueWith(_ => connection.Dispose(), TaskScheduler.Default);
        }

        await base.WorkerAsync();
    }
}
