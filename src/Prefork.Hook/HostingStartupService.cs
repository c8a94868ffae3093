using Microsoft.Extensions.Hosting;

namespace Prefork.Hook;

/// <summary>A host, of either kind, runs without the variable. When the last that runs has stopped, the program may build another one.</summary>
internal sealed class HostingStartupService : IHostedService, IDisposable
{
    private static readonly object s_lock = new();
    private static int s_running;
    private bool _runs;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        lock (s_lock)
        {
            if (!_runs)
            {
                _runs = true;
                s_running++;
            }

            HostingStartupVariable.Remove();
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken)
    {
        Dispose();
        return Task.CompletedTask;
    }

    /// <summary>A host that failed to start is not stopped, but disposed of.</summary>
    public void Dispose()
    {
        lock (s_lock)
        {
            if (_runs)
            {
                _runs = false;
                if (--s_running == 0)
                {
                    HostingStartupVariable.Set();
                }
            }
        }
    }
}
