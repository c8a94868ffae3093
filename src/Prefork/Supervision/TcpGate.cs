namespace Prefork.Supervision;

internal sealed class TcpGate : HealthGate
{
    private static readonly TimeSpan s_stays = TimeSpan.FromMilliseconds(100);

    internal override bool Connects => true;

    public override async Task CheckAsync(WorkerProcess worker, CancellationToken cancellationToken)
    {
        using var socket = await worker.ConnectAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(s_stays);
        try
        {
            if (await socket.ReceiveAsync(new byte[1], patience.Token).ConfigureAwait(false) == 0)
            {
                throw new InvalidOperationException("The worker closed a connection at once.");
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Still open, and waits for us to speak.
        }
    }
}
