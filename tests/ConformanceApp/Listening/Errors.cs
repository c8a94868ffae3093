using System.Net;
using System.Net.Sockets;
using Prefork;

namespace ConformanceApp.Listening;

/// <summary>Two clusters on one port: the second hears that it is taken.</summary>
[NodeTest("test-cluster-bind-twice")]
internal sealed class BindTwice : Scenario
{
    internal override async Task PrimaryAsync()
    {
        if (Arguments is [_, var port])
        {
            await RunAsync(port);
            return;
        }

        using var one = Child.Start("test-cluster-bind-twice", "one", "0");
        var ready = await one.HearAsync();
        using var two = Child.Start("test-cluster-bind-twice", "two", ready);
        Check.Equal("AddressAlreadyInUse", await two.HearAsync());
        await one.TellAsync("quit");
        await two.TellAsync("quit");
        await one.WaitForExitAsync();
        await two.WaitForExitAsync();
        Check.Equal((0, 0), (one.ExitCode, two.ExitCode));
    }

    internal override async Task WorkerAsync()
    {
        var port = int.Parse(Arguments[1], System.Globalization.CultureInfo.InvariantCulture);
        if (Arguments[0] == "one")
        {
            await using var listener = await Cluster.ListenAsync(port);
            await Cluster.Worker!.SendAsync($"{listener.Port()}");
            await base.WorkerAsync();
        }
        else
        {
            var exception = await Check.ThrowsAsync<SocketException>(async () => await Cluster.ListenAsync(port));
            await Cluster.Worker!.SendAsync($"{exception.SocketErrorCode}");
            await base.WorkerAsync();
        }
    }

    private static async Task RunAsync(string port)
    {
        var worker = Cluster.Fork();
        worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", e => Console.WriteLine(e.Message.Get<string>()));
        await Console.In.ReadLineAsync();
        worker.Disconnect();
        Check.Equal(0, (await worker.WaitForExitAsync()).Code);
    }
}

/// <summary>A Unix path that somebody listens on is an error in the worker that wants it too.</summary>
[NodeTest("test-cluster-eaccess")]
internal sealed class PathInUse : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var folder = Directory.CreateTempSubdirectory("conformance");
        try
        {
            var path = Path.Combine(folder.FullName, "taken");
            using var taken = Net.Listen(new UnixDomainSocketEndPoint(path));
            var worker = Cluster.Fork(new Dictionary<string, string?> { ["TAKEN"] = path });
            worker.MessageReceived += Must.Handle<WorkerMessageEventArgs>("message", e =>
            {
                Check.Equal("AddressAlreadyInUse", e.Message.Get<string>());
                worker.Disconnect();
            });
            worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
            await Must.AllAsync();
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    internal override async Task WorkerAsync()
    {
        var path = Environment.GetEnvironmentVariable("TAKEN")!;
        var exception = await Check.ThrowsAsync<SocketException>(async () => await Cluster.ListenAsync(new UnixDomainSocketEndPoint(path)));
        await Cluster.Worker!.SendAsync($"{exception.SocketErrorCode}");
        await base.WorkerAsync();
    }
}

/// <summary>An error of a listen call, and whatever the program throws over it, leaves the channel as it was.</summary>
[NodeTest("test-cluster-ipc-throw")]
internal sealed class IpcThrow : Scenario
{
    internal override async Task PrimaryAsync()
    {
        Cluster.SchedulingPolicy = SchedulingPolicy.RoundRobin;
        using var taken = Net.Listen(new IPEndPoint(IPAddress.Any, 0));
        var worker = Cluster.Fork(new Dictionary<string, string?> { ["PORT"] = $"{taken.Port()}" });
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        await Must.AllAsync();
    }

    internal override async Task WorkerAsync()
    {
        var thrown = Must.Call("the exception of the handler");
        try
        {
            await ListenAndThrowAsync();
        }
        catch (InvalidOperationException)
        {
            thrown.Hit();
        }

        await base.WorkerAsync();
    }

    private static async Task ListenAndThrowAsync()
    {
        try
        {
            await Cluster.ListenAsync(int.Parse(Environment.GetEnvironmentVariable("PORT")!, System.Globalization.CultureInfo.InvariantCulture));
        }
        catch (SocketException exception)
        {
            Cluster.Worker!.Disconnect();
            throw new InvalidOperationException("thrown over an error", exception);
        }
    }
}

/// <summary>What two tests share: the port is taken, and the worker hears it at once; a failed listen does not hold up its leave.</summary>
internal abstract class ListenFails(Func<SchedulingPolicy> policy) : Scenario
{
    internal override async Task PrimaryAsync()
    {
        Cluster.SchedulingPolicy = policy();
        using var taken = Net.Listen(Net.AnyPort);
        var worker = Cluster.Fork(new Dictionary<string, string?> { ["PORT"] = $"{taken.Port()}" });
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal((0, null), (e.Exit.Code, e.Exit.Signal)));
        await Must.AllAsync();
    }

    internal override async Task WorkerAsync()
    {
        var port = int.Parse(Environment.GetEnvironmentVariable("PORT")!, System.Globalization.CultureInfo.InvariantCulture);
        var exception = await Check.ThrowsAsync<SocketException>(async () => await Cluster.ListenAsync(Net.Loopback(port)));
        Check.Equal(SocketError.AddressAlreadyInUse, exception.SocketErrorCode);
        Cluster.Worker!.Disconnect();
        await base.WorkerAsync();
    }
}

/// <summary>Shared: the error is the worker's.</summary>
[NodeTest("test-cluster-shared-handle-bind-error")]
internal sealed class SharedBindError() : ListenFails(() => SchedulingPolicy.Shared);

/// <summary>Shared: a worker whose listen failed leaves when it wants to.</summary>
[NodeTest("test-cluster-worker-disconnect-on-error")]
internal sealed class DisconnectOnError() : ListenFails(() => SchedulingPolicy.Shared);

/// <summary>A port that only the privileged may have.</summary>
internal abstract class PrivilegedPort(Func<SchedulingPolicy> policy) : Scenario
{
    internal override async Task PrimaryAsync()
    {
        Cluster.SchedulingPolicy = policy();
        var worker = Cluster.Fork();
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("exit", e => Check.Equal(0, e.Exit.Code));
        await Must.AllAsync();
    }

    internal override async Task WorkerAsync()
    {
        var exception = await Check.ThrowsAsync<SocketException>(async () => await Cluster.ListenAsync(42));
        Check.Equal(SocketError.AccessDenied, exception.SocketErrorCode);
        Cluster.Worker!.Disconnect();
        await base.WorkerAsync();
    }
}

/// <summary>Round robin.</summary>
[NodeTest("test-cluster-bind-privileged-port")]
internal sealed class BindPrivilegedPort() : PrivilegedPort(() => SchedulingPolicy.RoundRobin);

/// <summary>Shared.</summary>
[NodeTest("test-cluster-shared-handle-bind-privileged-port")]
internal sealed class SharedPrivilegedPort() : PrivilegedPort(() => SchedulingPolicy.Shared);

/// <summary>A port that one worker has, and a second listen of its own failed on, is free again when it closes: for another worker too.</summary>
[NodeTest("test-cluster-port-reuse-between-workers")]
internal sealed class PortReuse : Scenario
{
    internal override async Task PrimaryAsync()
    {
        var port = Net.FreePort();
        for (var i = 0; i < 2; i++)
        {
            var worker = Cluster.Fork(new Dictionary<string, string?> { ["PORT"] = $"{port}" });
            Check.Equal(0, (await worker.WaitForExitAsync().WithinPatience()).Code);
        }
    }

    internal override async Task WorkerAsync()
    {
        var port = int.Parse(Environment.GetEnvironmentVariable("PORT")!, System.Globalization.CultureInfo.InvariantCulture);
        await using (await Cluster.ListenAsync(Net.Loopback(port)))
        {
            var exception = await Check.ThrowsAsync<SocketException>(async () => await Cluster.ListenAsync(Net.Loopback(port)));
            Check.Equal(SocketError.AddressAlreadyInUse, exception.SocketErrorCode);
        }

        await using (await Cluster.ListenAsync(Net.Loopback(port)))
        {
            Cluster.Worker!.Disconnect();
        }

        await base.WorkerAsync();
    }
}
