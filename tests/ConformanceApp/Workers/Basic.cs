using Prefork;

namespace ConformanceApp.Workers;

/// <summary>The whole of a worker's life: each event once, with this worker, in its state, and with what belongs to it.</summary>
[NodeTest("test-cluster-basic")]
internal sealed class Basic : Scenario
{
    internal override async Task PrimaryAsync()
    {
        Check.Equal(null, Environment.GetEnvironmentVariable("NODE_UNIQUE_ID"));
        Check.True(Cluster.IsPrimary);
        var told = new List<(WorkerProcess Worker, WorkerState State)>();
        Cluster.Forked += Must.Handle<WorkerEventArgs>("cluster fork", e => told.Add((e.Worker, e.Worker.State)));
        Cluster.Online += Must.Handle<WorkerEventArgs>("cluster online", e => told.Add((e.Worker, e.Worker.State)));
        Cluster.Listening += Must.Handle<WorkerListeningEventArgs>("cluster listening", e =>
        {
            told.Add((e.Worker, e.Worker.State));
            e.Worker.Kill();
        });
        Cluster.Exited += Must.Handle<WorkerExitedEventArgs>("cluster exit", e => told.Add((e.Worker, e.Worker.State)));

        var worker = Cluster.Fork();
        Check.Equal(1, worker.Id);
        worker.Online += Must.Handle<WorkerEventArgs>("worker online", e => Check.Equal(worker, e.Worker));
        worker.Listening += Must.Handle<WorkerListeningEventArgs>("worker listening", e =>
        {
            Check.Equal(worker, e.Worker);
            Check.Equal("127.0.0.1", e.Address.Address);
            Check.Equal("4", e.Address.AddressType);
            Check.Equal(null, e.Address.Descriptor);
            Check.True(e.Address.Port is > 0 and < 65536);
        });
        worker.Exited += Must.Handle<WorkerExitedEventArgs>("worker exit", e =>
        {
            Check.Equal(worker, e.Worker);
            Check.Equal(worker.Process.Exit, e.Exit);
        });
        await Must.AllAsync();
        Check.True(told.TrueForAll(entry => entry.Worker == worker));
        Check.Equal("Forked Online Listening Dead", string.Join(' ', told.Select(entry => entry.State)));
    }

    internal override async Task WorkerAsync()
    {
        Check.Equal(null, Environment.GetEnvironmentVariable("NODE_UNIQUE_ID"));
        await using var listener = await Cluster.ListenAsync(Net.AnyPort);
        await base.WorkerAsync();
    }
}
