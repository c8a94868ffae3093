using Microsoft.Extensions.Hosting;

namespace Prefork.AspNetCore;

/// <summary>A worker's place. A host that stops leads no more, whatever it stops for: others need not wait for what it still has to serve.</summary>
internal sealed class WorkerClusterContext : IClusterContext, IDisposable
{
    private readonly ClusterWorker _worker;
    private readonly CancellationTokenRegistration _stopping;

    public WorkerClusterContext(ClusterWorker worker, IHostApplicationLifetime lifetime)
    {
        _worker = worker;
        _stopping = lifetime.ApplicationStopping.Register(worker.ResignLeadership);
    }

    public event EventHandler? Changed
    {
        add => _worker.ContextChanged += value;
        remove => _worker.ContextChanged -= value;
    }

    public int? WorkerId => _worker.Id;

    public int WorkerCount => _worker.WorkerCount;

    public int Generation => _worker.Generation;

    public bool IsLeader => _worker.IsLeader;

    public Task<ClusterLeadership> WaitForLeadershipAsync(CancellationToken cancellationToken = default) => _worker.WaitForLeadershipAsync(cancellationToken);

    public void Dispose() => _stopping.Dispose();
}
