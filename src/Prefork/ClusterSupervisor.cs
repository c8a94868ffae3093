using System.Runtime.InteropServices;
using Prefork.Reporting;
using Prefork.Supervision;
namespace Prefork;

/// <summary>
/// Keeps a cluster as it should be: so many workers, replaced when they die, hang or are due, and a reload that either succeeds or changes nothing.
/// Only in a primary, where several may work side by side, each on workers of its own; workers that the program forks itself are none of their business.
/// </summary>
public sealed class ClusterSupervisor
{
    private readonly SupervisorOptions _options;
    private readonly Supervisor _supervisor;
    private readonly EventQueue _events;

    /// <param name="options">Copied: what is changed in it later changes nothing.</param>
    /// <param name="timeProvider">The clock; null for the system's.</param>
    /// <exception cref="ArgumentException">An option is out of its range.</exception>
    public ClusterSupervisor(SupervisorOptions options, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options.Clone();
        var time = timeProvider ?? TimeProvider.System;
        _events = new EventQueue(Raise, static count => Notice($"{count} {(count == 1 ? "event was" : "events were")} left out: a handler of {nameof(Happened)} took too long"), time);
        _supervisor = new Supervisor(_options, time, _events.Add, static () => Cluster.Supervised);
    }

    /// <summary>
    /// Everything that it does and sees, in order. Handlers run one at a time, on the thread pool; what they throw is lost. One that waits holds up later events, and nothing else:
    /// 10,000 events are kept for it, further ones are left out, and a <see cref="SupervisorEventKind.Notice"/> says how many.
    /// An operation ends when its events have been handled, but waits no longer than a second for a handler.
    /// </summary>
    public event EventHandler<SupervisorEventArgs>? Happened;

    /// <summary>
    /// Starts the workers, and ends when the cluster has stopped: by <see cref="StopAsync"/>, the token, a signal (<see cref="SupervisorOptions.HandleSignals"/>),
    /// or because all workers have ended with a code that says so.
    /// </summary>
    /// <exception cref="SupervisorException">No worker ever served.</exception>
    /// <exception cref="InvalidOperationException">This process is no primary; or it has been started before.</exception>
    public async Task RunAsync(CancellationToken cancellationToken = default)
    {
        // Where there is nothing to run there is nothing to stop: no signal is taken then.
        _ = Cluster.Supervised;
        using var signals = _options.HandleSignals ? new Signals(this) : null;
        using var cancelled = cancellationToken.UnsafeRegister(static supervisor => _ = ((ClusterSupervisor)supervisor!).StopQuietlyAsync(), this);
        try
        {
            await StartAsync().ConfigureAwait(false);
        }
        finally
        {
            await _supervisor.Done.ConfigureAwait(false);
            await _events.HandledAsync().ConfigureAwait(false);
        }

        if (await _supervisor.Done.ConfigureAwait(false) is { } failure)
        {
            throw failure;
        }
    }

    /// <summary>Starts the workers, and ends when all serve. Then <see cref="StopAsync"/> is the caller's to call.</summary>
    /// <exception cref="SupervisorException">No worker ever served: what was started has been stopped.</exception>
    /// <exception cref="InvalidOperationException">It has been started before; or this process is no primary.</exception>
    public Task StartAsync(CancellationToken cancellationToken = default) => HeardAsync(_supervisor.OnLoopAsync(_supervisor.StartAsync)).WaitAsync(cancellationToken);

    /// <summary>
    /// Ends all workers: each drains (<see cref="SupervisorOptions.StopTimeout"/>), then gets SIGTERM, then (<see cref="SupervisorOptions.KillTimeout"/>) SIGKILL.
    /// Another call hastens it: SIGTERM at once; a third one SIGKILL. Ends when all have ended.
    /// </summary>
    /// <param name="cancellationToken">Hastens it as a second call does.</param>
    public async Task StopAsync(CancellationToken cancellationToken = default)
    {
        var stopped = _supervisor.OnLoopAsync(_supervisor.StopAsync);
        using var hasten = cancellationToken.UnsafeRegister(static supervisor => _ = ((Supervisor)supervisor!).OnLoopAsync(HastenAsync((Supervisor)supervisor)), _supervisor);
        await HeardAsync(stopped).ConfigureAwait(false);
    }

    /// <summary>
    /// Replaces all workers by a new generation, launched as <see cref="SupervisorOptions.Launch"/> says now, with the options that <see cref="SupervisorOptions.Reconfigure"/> makes of the present ones. Either all new ones serve, or nothing has changed:
    /// a new worker that does not get ready, does not pass its gate, or crashes within the watch window, fails it.
    /// </summary>
    /// <exception cref="InvalidOperationException">Another operation is under way (<see cref="ReloadOptions.Queue"/>), or the supervisor does not run.</exception>
    public Task<ReloadResult> ReloadAsync(ReloadOptions? options = null) => OperateAsync(() => _supervisor.ReloadAsync(options ?? new ReloadOptions()));

    /// <summary>The same with the program, arguments, environment and options that the present generation has.</summary>
    /// <inheritdoc cref="ReloadAsync"/>
    public Task<ReloadResult> RestartAsync(ReloadOptions? options = null) => OperateAsync(() => _supervisor.RestartAsync(options ?? new ReloadOptions()));

    /// <summary>
    /// Back to the generation before, with its program as its links led then and its options, by the same transaction. A reload or restart that is under way is called off instead:
    /// the result comes when it has been undone, and is a success when the old workers serve.
    /// The last five generations are remembered; when there is none, the result says so.
    /// </summary>
    /// <exception cref="InvalidOperationException">Another operation is under way, such as another rollback, or the supervisor does not run.</exception>
    public Task<ReloadResult> RollBackAsync(ReloadOptions? options = null) => OperateAsync(() => _supervisor.RollBackAsync(options ?? new ReloadOptions()));

    /// <summary>Changes how many workers there are, and ends when they serve. Waits for another operation that is under way.</summary>
    /// <exception cref="ArgumentOutOfRangeException">Fewer than one.</exception>
    /// <exception cref="SupervisorException">
    /// Some of them do not serve: one was not ready in time or did not pass its gate, they end as fast as they are started, or <see cref="SupervisorOptions.BootTimeout"/> and
    /// <see cref="SupervisorOptions.HealthGateTimeout"/> are over. So many stay wanted all the same, and the supervisor goes on trying; but where those that are to go are all that serve, and none of the others comes to serve, nobody goes.
    /// </exception>
    /// <exception cref="InvalidOperationException">The supervisor does not run, or stops.</exception>
    public Task ScaleAsync(int workers)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(workers, 1);
        return ScaleByAsync(_ => workers);
    }

    /// <summary>What the cluster looks like now.</summary>
    public Task<SupervisorStatus> GetStatusAsync() => _supervisor.OnLoopAsync(() => Task.FromResult(_supervisor.GetStatus()));

    /// <summary>The options in force, which are those of the generation that serves: a copy.</summary>
    public Task<SupervisorOptions> GetOptionsAsync() => _supervisor.OnLoopAsync(() => Task.FromResult(_supervisor.GetOptions()));

    /// <summary>By how many there are when its turn has come; what <paramref name="count"/> throws ends it before it begins. Returns how many serve then, in words.</summary>
    internal Task<string> ScaleByAsync(Func<int, int> count) => OperateAsync(() => _supervisor.ScaleAsync(count));

    /// <summary>Something else that is to be told in the order in which it happens.</summary>
    internal void Say(string message) => _events.Add(Notice(message));

    private static Func<Task> HastenAsync(Supervisor supervisor) => () =>
    {
        supervisor.Hasten();
        return Task.CompletedTask;
    };

    private static SupervisorEventArgs Notice(string message) => new(SupervisorEventKind.Notice, PlainText.Line(message), null, null);

    private async Task<T> OperateAsync<T>(Func<Task<T>> operation)
    {
        var result = _supervisor.OnLoopAsync(operation);
        await HeardAsync(result).ConfigureAwait(false);
        return await result.ConfigureAwait(false);
    }

    /// <summary>Whoever hears how it ended has heard what happened before.</summary>
    private async Task HeardAsync(Task operation)
    {
        try
        {
            await operation.ConfigureAwait(false);
        }
        finally
        {
            await _events.HandledAsync().ConfigureAwait(false);
        }
    }

    private void Raise(SupervisorEventArgs args)
    {
        foreach (var handler in Happened?.GetInvocationList() ?? [])
        {
            try
            {
                ((EventHandler<SupervisorEventArgs>)handler)(this, args);
            }
            catch (Exception)
            {
                // The supervisor is nobody's to stop by a handler, nor are the other handlers.
            }
        }
    }

    private Task StopQuietlyAsync() => StopAsync().ContinueWith(static task => _ = task.Exception, TaskScheduler.Default);

    private void ReloadQuietly()
        => _ = ReloadAsync().ContinueWith(
            task => Say($"SIGHUP: {task.Exception!.GetBaseException().Message}"),
            CancellationToken.None,
            TaskContinuationOptions.OnlyOnFaulted,
            TaskScheduler.Default);

    /// <summary>What a terminal and an administrator say.</summary>
    private sealed class Signals : IDisposable
    {
        private readonly PosixSignalRegistration[] _registrations;

        internal Signals(ClusterSupervisor supervisor)
        {
            void Stop(PosixSignalContext context)
            {
                context.Cancel = true;
                _ = supervisor.StopQuietlyAsync();
            }

            // A terminal that has gone is none any more.
            var hasTerminal = !Console.IsInputRedirected;
            void Reload(PosixSignalContext context)
            {
                context.Cancel = true;
                if (!hasTerminal)
                {
                    supervisor.ReloadQuietly();
                }
                else
                {
                    // The terminal has gone.
                    _ = supervisor.StopQuietlyAsync();
                }
            }

            _registrations =
            [
                PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop),
                PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop),
                PosixSignalRegistration.Create(PosixSignal.SIGHUP, Reload),
            ];
        }

        public void Dispose() => Array.ForEach(_registrations, static registration => registration.Dispose());
    }
}
