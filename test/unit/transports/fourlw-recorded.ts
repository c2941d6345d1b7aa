/** What standalone ZooKeeper 3.4.14 and 3.7.1 answered to four-letter words; long answers of mntr are cut to the lines looked at. */

export const SRVR_3_4_14 = `Zookeeper version: 3.4.14-4c25d480e66aadd371de8bd2fd8da255ac140bcf, built on 03/06/2019 16:18 GMT
Latency min/avg/max: 0/0/0
Received: 2
Sent: 1
Connections: 1
Outstanding: 0
Zxid: 0x0
Mode: standalone
Node count: 4
`;

export const SRVR_3_7_1 = `Zookeeper version: 3.7.1-a2fb57c55f8e59cdd76c34b357ad5181df1258d5, built on 2022-05-07 06:45 UTC
Latency min/avg/max: 0/0.0/0
Received: 3
Sent: 2
Connections: 1
Outstanding: 0
Zxid: 0x0
Mode: standalone
Node count: 5
`;

export const MNTR_3_4_14 = `zk_version	3.4.14-4c25d480e66aadd371de8bd2fd8da255ac140bcf, built on 03/06/2019 16:18 GMT
zk_avg_latency	0
zk_max_latency	0
zk_min_latency	0
zk_packets_received	3
zk_packets_sent	2
zk_num_alive_connections	1
zk_outstanding_requests	0
zk_server_state	standalone
zk_znode_count	4
zk_watch_count	0
zk_ephemerals_count	0
zk_approximate_data_size	27
zk_open_file_descriptor_count	19
zk_max_file_descriptor_count	20000
zk_fsync_threshold_exceed_count	0
`;

export const MNTR_3_7_1 = `zk_version	3.7.1-a2fb57c55f8e59cdd76c34b357ad5181df1258d5, built on 2022-05-07 06:45 UTC
zk_server_state	standalone
zk_ephemerals_count	0
zk_num_alive_connections	1
zk_avg_latency	0.0
zk_outstanding_requests	0
zk_znode_count	5
zk_approximate_data_size	44
zk_uptime	52
zk_digest_mismatches_count	0
`;

export const MNTR_3_7_1_PROMETHEUS = `zk_version	3.7.1-a2fb57c55f8e59cdd76c34b357ad5181df1258d5, built on 2022-05-07 06:45 UTC
zk_server_state	standalone
zk_unavailable_time{quantile="0.5"}	NaN
zk_unavailable_time_count	0.0
zk_unavailable_time_sum	0.0
zk_jvm_classes_loaded	2752.0
zk_jvm_classes_loaded_total	2752.0
zk_znode_count	5.0
zk_ephemerals_count	0.0
zk_leader_unavailable_time{quantile="0.5"}	NaN
zk_leader_unavailable_time_count	0.0
zk_leader_unavailable_time_sum	0.0
zk_outstanding_requests	0.0
zk_approximate_data_size	44.0
zk_digest_mismatches_count	0.0
zk_jvm_info{version="17.0.15+6-Debian-1deb12u1",vendor="Debian",runtime="OpenJDK Runtime Environment"}	1.0
zk_num_alive_connections	1.0
`;

export const CONS_3_4_14 = ` /127.0.0.1:46770[0](queued=0,recved=1,sent=0)

`;

export const CONF_3_7_1 = `clientPort=36209
secureClientPort=-1
dataDir=/opt/zookeeper/data/version-2
dataDirSize=457
dataLogDir=/opt/zookeeper/data/version-2
dataLogSize=457
tickTime=500
maxClientCnxns=0
minSessionTimeout=1000
maxSessionTimeout=10000
clientPortListenBacklog=-1
serverId=0
`;
