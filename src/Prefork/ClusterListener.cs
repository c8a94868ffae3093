using System.Net;
using System.Net.Sockets;
using Prefork.Worker.Intake;

namespace Prefork;

/// <summary>
/// A worker's end of a shared listener; in any other process an ordinary listener.
/// Connections are received when <see cref="AcceptAsync"/> is called, and not before: what a program does not take, others can have.
/// </summary>
public sealed class ClusterListener : IAsyncDisposable
{
    private readonly ConnectionIntake _intake;
    private readonly OpenConnections? _open;

    /// <param name="intake">Where its connections come from.</param>
    /// <param name="localEndPoint">Where it listens.</param>
    /// <param name="open">Counts its connections; null where nobody does.</param>
    internal ClusterListener(ConnectionIntake intake, EndPoint localEndPoint, OpenConnections? open = null)
    {
        _intake = intake;
        _open = open;
        LocalEndPoint = localEndPoint;
    }

    /// <summary>Where it listens; with the true port when port 0 was asked for.</summary>
    public EndPoint LocalEndPoint { get; }

    /// <summary>
    /// The next connection; the caller owns it. Running out of descriptors is no error: it waits until there are some.
    /// The continuation may run on the listener's own thread: start what takes long elsewhere, or nothing else is accepted meanwhile.
    /// </summary>
    /// <returns>Null when there will be none any more: the listener was stopped or disposed, or this worker is to leave.</returns>
    /// <exception cref="InvalidOperationException">Another call is pending.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled; no connection is lost by it.</exception>
    public ValueTask<Socket?> AcceptAsync(CancellationToken cancellationToken = default) => _intake.AcceptSocketAsync(cancellationToken);

    /// <summary>As <see cref="AcceptAsync"/>, but leaves the descriptor as it is; it may be blocking or not.</summary>
    public ValueTask<ClusterConnectionHandle?> AcceptHandleAsync(CancellationToken cancellationToken = default) => _intake.AcceptAsync(cancellationToken);

    /// <summary>
    /// Takes nothing more from the primary. Connections received already are still returned by <see cref="AcceptAsync"/>, then null;
    /// those handed over and not received go to the other workers.
    /// </summary>
    public void Stop() => _intake.Stop();

    /// <summary>
    /// Stops, and closes connections that were received and not accepted. Those that were accepted stay the program's.
    /// Ends when the primary has been told: the next listen comes after that.
    /// </summary>
    public ValueTask DisposeAsync()
    {
        _intake.Close();
        return new ValueTask(_intake.Stopped);
    }

    /// <summary>
    /// Ends when the listener has stopped, however, and all connections that it returned are closed. Of an exclusive listener, and in a process
    /// that is no worker, connections are not counted: there it ends at once.
    /// </summary>
    public Task WaitForDrainAsync(CancellationToken cancellationToken = default) => (_open?.Drained ?? Task.CompletedTask).WaitAsync(cancellationToken);

    /// <summary>This worker has been asked to leave.</summary>
    internal void Leave() => _intake.Leave();
}
