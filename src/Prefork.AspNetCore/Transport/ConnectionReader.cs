using System.IO.Pipelines;

namespace Prefork.AspNetCore.Transport;

/// <summary>The input's reader, which receives by itself before it waits.</summary>
internal sealed class ConnectionReader(ClusterConnection connection, PipeReader pipe) : PipeReader
{
    private bool _started;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        if (!cancellationToken.IsCancellationRequested)
        {
            if (!_started)
            {
                // Before a stop of the server is looked at: a request that has come with its connection is still answered.
                _started = true;
                connection.RememberNames();
                connection.Receive();
            }

            if (pipe.TryRead(out var result))
            {
                return ValueTask.FromResult(result);
            }

            connection.Receive();
        }

        return pipe.ReadAsync(cancellationToken);
    }

    public override bool TryRead(out ReadResult result)
    {
        if (pipe.TryRead(out result))
        {
            return true;
        }

        connection.Receive();
        return pipe.TryRead(out result);
    }

    public override void AdvanceTo(SequencePosition consumed) => pipe.AdvanceTo(consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined) => pipe.AdvanceTo(consumed, examined);

    public override void CancelPendingRead() => pipe.CancelPendingRead();

    public override void Complete(Exception? exception = null) => pipe.Complete(exception);
}
