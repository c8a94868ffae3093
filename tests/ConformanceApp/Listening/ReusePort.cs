using Prefork;

namespace ConformanceApp.Listening;

/// <summary>Sockets that share a port by the kernel's means never ask the primary; two in a process and two processes may have one port.</summary>
internal abstract class ReusesPort : Scenario
{
    internal override async Task PrimaryAsync()
    {
        using var held = await OpenAsync(0);
        Cluster.Listening += Must.Never<WorkerListeningEventArgs>("listening");
        for (var i = 0; i < 2; i++)
        {
            var worker = Cluster.Fork(new Dictionary<string, string?> { ["PORT"] = $"{held.Port}" });
            worker.Exited += Must.Handle<WorkerExitedEventArgs>($"exit of {worker.Id}", e => Check.Equal(0, e.Exit.Code));
        }

        await Must.AllAsync();
    }

    internal override async Task WorkerAsync()
    {
        var port = int.Parse(Environment.GetEnvironmentVariable("PORT")!, System.Globalization.CultureInfo.InvariantCulture);
        using (var first = await OpenAsync(port))
        using (var second = await OpenAsync(port))
        {
            Check.Equal((port, port), (first.Port, second.Port));
            Cluster.Worker!.Disconnect();
            await base.WorkerAsync();
        }
    }

    private protected abstract Task<Held> OpenAsync(int port);

    private protected sealed record Held(int Port, Action Close) : IDisposable
    {
        public void Dispose() => Close();
    }
}

internal abstract class ReusesPortTcp : ReusesPort
{
    private protected override async Task<Held> OpenAsync(int port)
    {
        var listener = await Cluster.ListenAsync(Net.Loopback(port), new ListenOptions { ReusePort = true });
        return new Held(listener.Port(), listener.Stop);
    }
}

internal abstract class ReusesPortUdp : ReusesPort
{
    private protected override async Task<Held> OpenAsync(int port)
    {
        var socket = await Cluster.BindUdpAsync(Net.Loopback(port), new UdpOptions { ReusePort = true });
        return new Held(socket.Port(), socket.Dispose);
    }
}

/// <summary>TCP.</summary>
[NodeTest("test-cluster-net-reuseport")]
internal sealed class NetReusePort : ReusesPortTcp;

/// <summary>UDP.</summary>
[NodeTest("test-cluster-dgram-reuseport")]
internal sealed class DatagramsReusePort : ReusesPortUdp;

/// <summary>TCP, in processes that only have a parent in common.</summary>
[NodeTest("test-child-process-net-reuseport")]
internal sealed class ChildrenReusePort : ReusesPortTcp;

/// <summary>The same for UDP.</summary>
[NodeTest("test-child-process-dgram-reuseport")]
internal sealed class ChildrenReusePortUdp : ReusesPortUdp;
