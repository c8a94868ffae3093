using Microsoft.Extensions.Hosting;

namespace Prefork.AspNetCore;

/// <summary>A process that is no worker: it is alone, and leads from its start to its stop.</summary>
internal sealed class SingleClusterContext : IClusterContext, IDisposable
{
    private readonly IHostApplicationLifetime _lifetime;
    private readonly CancellationTokenRegistration _stopping;

    public SingleClusterContext(IHostApplicationLifetime lifetime)
    {
        _lifetime = lifetime;
        _stopping = lifetime.ApplicationStopping.Register(() => Changed?.Invoke(this, EventArgs.Empty));
    }

    public event EventHandler? Changed;

    public int? WorkerId => null;

    public int WorkerCount => 1;

    public int Generation => 0;

    public bool IsLeader => !_lifetime.ApplicationStopping.IsCancellationRequested;

    public Task<ClusterLeadership> WaitForLeadershipAsync(CancellationToken cancellationToken = default)
        => IsLeader
            ? Task.FromResult(new ClusterLeadership(_lifetime.ApplicationStopping))
            : Task.FromException<ClusterLeadership>(new ClusterChannelClosedException("The host is stopping: it will not lead."));

    public void Dispose() => _stopping.Dispose();
}
