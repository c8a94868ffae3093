namespace Prefork;

/// <summary>How messages are written on the channel. Node's <c>serialization</c> setting.</summary>
public enum ChannelSerialization
{
    /// <summary>JSON, one value to a line. Node's default.</summary>
    Json,

    /// <summary>
    /// V8's format, Node's <c>'advanced'</c>: what JSON cannot say travels too, such as bytes, dates, bigints, Maps and objects that refer
    /// to each other. See <see cref="ClusterMessage.GetValue"/> and <see cref="WorkerProcess.SendValueAsync(object?, CancellationToken)"/>.
    /// </summary>
    Advanced,
}
