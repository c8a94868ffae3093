using System.IO.Pipelines;

namespace Prefork.AspNetCore.Transport;

/// <summary>The output's writer, which sends what it flushes.</summary>
internal sealed class ConnectionWriter(ClusterConnection connection, PipeWriter pipe) : PipeWriter
{
    private const int MostPutOff = 32 * 1024;

    private long _putOff;

    public override bool CanGetUnflushedBytes => pipe.CanGetUnflushedBytes;

    public override long UnflushedBytes => pipe.UnflushedBytes;

    public override Memory<byte> GetMemory(int sizeHint = 0) => pipe.GetMemory(sizeHint);

    public override Span<byte> GetSpan(int sizeHint = 0) => pipe.GetSpan(sizeHint);

    public override void Advance(int bytes) => pipe.Advance(bytes);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        _putOff += pipe.UnflushedBytes;
        var flush = pipe.FlushAsync(cancellationToken);
        SendSoon(flush.IsCompleted);
        return flush;
    }

    public override ValueTask<FlushResult> WriteAsync(ReadOnlyMemory<byte> source, CancellationToken cancellationToken = default)
    {
        _putOff += pipe.UnflushedBytes + source.Length;
        var flush = pipe.WriteAsync(source, cancellationToken);
        SendSoon(flush.IsCompleted);
        return flush;
    }

    public override void CancelPendingFlush() => pipe.CancelPendingFlush();

    /// <summary>What is flushed is still sent, and the connection then closed.</summary>
    public override void Complete(Exception? exception = null)
    {
        pipe.Complete(exception);
        connection.Send();
    }

    /// <summary>Much is sent at once, and so is what the application waits for: the pipe is full then.</summary>
    private void SendSoon(bool hasRoom)
    {
        if (hasRoom && _putOff < MostPutOff && (IoLoop.TryPutOff(connection) || connection.TryPutOff() || connection.TrySendBatched()))
        {
            return;
        }

        _putOff = 0;
        connection.Send();
    }
}
