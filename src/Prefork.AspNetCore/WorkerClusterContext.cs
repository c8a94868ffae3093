using Microsoft.Extensions.Hosting;
using Prefork.AspNetCore.Hosts;

namespace Prefork.AspNetCore;

/// <summary>
/// A worker's place, as one of its hosts sees it. A host that stops leads no more, whatever it stops for: others need not wait for what it still has to serve.
/// The worker's other hosts may lead on.
/// </summary>
internal sealed class WorkerClusterContext : IClusterContext, IDisposable
{
    private readonly ClusterWorker _worker;
    private readonly WorkerHost _host;
    private readonly IHostApplicationLifetime _lifetime;
    private readonly CancellationTokenRegistration _stopping;
    private volatile bool _hasLed;
    private EventHandler? _changed;

    public WorkerClusterContext(ClusterWorker worker, WorkerHost host, IHostApplicationLifetime lifetime)
    {
        _worker = worker;
        _host = host;
        _lifetime = lifetime;
        worker.ContextChanged += OnChanged;
        _stopping = lifetime.ApplicationStopping.Register(OnStopping);
    }

    public event EventHandler? Changed
    {
        add => _changed += value;
        remove => _changed -= value;
    }

    public int? WorkerId => _worker.Id;

    public int WorkerCount => _worker.WorkerCount;

    public int Generation => _worker.Generation;

    public bool IsLeader => _worker.IsLeader && !IsStopping;

    private bool IsStopping => _lifetime.ApplicationStopping.IsCancellationRequested;

    public async Task<ClusterLeadership> WaitForLeadershipAsync(CancellationToken cancellationToken = default)
    {
        if (IsStopping)
        {
            throw Stopping();
        }

        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _lifetime.ApplicationStopping);
        ClusterLeadership leadership;
        try
        {
            leadership = await _worker.WaitForLeadershipAsync(waiting.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw Stopping();
        }

        _hasLed = true;
        var ending = CancellationTokenSource.CreateLinkedTokenSource(leadership.Ending, _lifetime.ApplicationStopping);
        return new ClusterLeadership(ending.Token, () =>
        {
            leadership.Dispose();
            ending.Dispose();
        });
    }

    public void Dispose()
    {
        _worker.ContextChanged -= OnChanged;
        _stopping.Dispose();
    }

    private static ClusterChannelClosedException Stopping() => new("The host is stopping: it will not lead.");

    private void OnChanged(object? sender, EventArgs e) => _changed?.Invoke(this, e);

    /// <summary>
    /// What this host did as the leader, another worker's can do when this worker goes on without it, or comes to its end. A worker whose only host
    /// stops may build the next one, which leads then; if it does not, it leaves.
    /// </summary>
    private void OnStopping()
    {
        if (_hasLed && ThisProcess.Hosts.GoOnWithout(_host))
        {
            _worker.ResignLeadership();
        }

        _changed?.Invoke(this, EventArgs.Empty);
    }
}
